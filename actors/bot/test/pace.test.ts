import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../src/pace.ts";

test("a window counts exactly: what was taken leaves it when it is as old as the window", () => {
  const pace = new Pace(1_000);
  assert.equal(pace.nextMs(2, 5_000), 5_000);
  pace.take(5_000);
  pace.take(5_400);
  assert.deepEqual([pace.room(2, 5_999), pace.nextMs(2, 5_999)], [0, 6_000]);
  assert.equal(pace.room(2, 6_000), 1);
  pace.take(6_000);
  assert.equal(pace.nextMs(2, 6_000), 6_400);
});

test("what went later than it was taken counts from when it went", () => {
  const pace = new Pace(1_000);
  pace.take(5_000);
  pace.take(5_000);
  pace.move(5_000, 5_900);
  assert.deepEqual([pace.room(2, 6_000), pace.nextMs(1, 6_000)], [1, 6_900]);
  assert.equal(pace.room(2, 6_900), 2);
});

test("a smaller allowance counts what was taken under the larger one", () => {
  const pace = new Pace(1_000);
  for (let at = 0; at < 10; at += 1) pace.take(5_000 + at);
  assert.deepEqual([pace.room(4, 5_100), pace.nextMs(4, 5_100)], [0, 6_006]);
});
