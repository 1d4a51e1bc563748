import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bucket, takeFromAll } from "../src/token-bucket.ts";

const rate = { perMinute: 60, burst: 3 };

function takeFrom(bucket: Bucket | undefined, of: typeof rate, nowMs: number) {
  const [one] = takeFromAll([{ bucket, rate: of }], nowMs);
  assert.ok(one);
  return one;
}

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

test("of several buckets all give a token or none does, and each says its own", () => {
  const wide = { perMinute: 60, burst: 10 };
  const empty: Bucket = { units: 0, atMs: 0 };
  const refused = takeFromAll(
    [
      { bucket: undefined, rate: wide },
      { bucket: empty, rate },
    ],
    0,
  );
  assert.deepEqual(
    refused.map(({ taken }) => [taken.allowed, taken.remaining, taken.retryMs]),
    [
      [true, 10, 0],
      [false, 0, 1000],
    ],
  );
  const allowed = takeFromAll(
    [
      { bucket: undefined, rate: wide },
      { bucket: empty, rate },
    ],
    1000,
  );
  assert.deepEqual(
    allowed.map(({ taken }) => [taken.allowed, taken.remaining]),
    [
      [true, 9],
      [true, 0],
    ],
  );
});
