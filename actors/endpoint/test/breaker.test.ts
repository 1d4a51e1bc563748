import assert from "node:assert/strict";
import { test } from "node:test";
import { Breaker } from "../src/mod.ts";

function fail(breaker: Breaker, times: number, atMs: number): void {
  for (let count = 0; count < times; count += 1) breaker.note(false, atMs);
}

test("it opens when most of at least ten calls failed, and lets one try after 30 s", () => {
  const breaker = new Breaker();
  fail(breaker, 9, 0);
  assert.ok(breaker.allows(0));
  fail(breaker, 1, 0);
  assert.deepEqual([breaker.allows(0), breaker.allows(29_999)], [false, false]);
  assert.deepEqual([breaker.allows(30_000), breaker.allows(30_000)], [true, false]);
  breaker.note(false, 31_000);
  assert.deepEqual([breaker.allows(60_000), breaker.allows(61_000)], [false, true]);
  breaker.note(true, 61_001);
  assert.deepEqual([breaker.allows(61_002), breaker.allows(61_002)], [true, true]);
});

test("a few failures among successes, or long ago, do not open it", () => {
  const breaker = new Breaker();
  for (let count = 0; count < 4; count += 1) breaker.note(true, 0);
  fail(breaker, 9, 0);
  assert.ok(breaker.allows(0));
  const slow = new Breaker();
  for (let atMs = 0; atMs < 200_000; atMs += 5_000) slow.note(false, atMs);
  assert.ok(slow.allows(200_000));
});
