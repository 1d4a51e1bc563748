import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bucket, takeFrom } from "../src/token-bucket.ts";

const rate = { perMinute: 60, burst: 3 };

test("a full bucket gives its burst, then one token a second, and says when", () => {
  let bucket: Bucket | undefined;
  const take = (nowMs: number) => {
    const next = takeFrom(bucket, rate, nowMs);
    bucket = next.bucket;
    return next.taken;
  };
  assert.deepEqual(take(0), { allowed: true, remaining: 2, resetMs: 1000, retryMs: 0 });
  assert.deepEqual(take(0), { allowed: true, remaining: 1, resetMs: 2000, retryMs: 0 });
  assert.deepEqual(take(0), { allowed: true, remaining: 0, resetMs: 3000, retryMs: 0 });
  assert.deepEqual(take(0), { allowed: false, remaining: 0, resetMs: 3000, retryMs: 1000 });
  assert.deepEqual(take(999), { allowed: false, remaining: 0, resetMs: 2001, retryMs: 1 });
  assert.equal(take(1000).allowed, true);
  assert.equal(take(1000).allowed, false);
  assert.deepEqual(take(1_000_000), { allowed: true, remaining: 2, resetMs: 1000, retryMs: 0 });
});

test("a clock that goes back adds nothing and takes nothing", () => {
  const { bucket } = takeFrom(undefined, rate, 10_000);
  const { bucket: after, taken } = takeFrom(bucket, rate, 5_000);
  assert.equal(taken.remaining, 1);
  assert.equal(after.atMs, 10_000);
});
