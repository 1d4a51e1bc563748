import assert from "node:assert/strict";
import { test } from "node:test";
import { LagClock } from "../src/lag-clock.ts";

const at = (appliedSeq: number, lag: number, shard = 1) => [{ shard, appliedSeq, lag }];

test("a shard is as late as the oldest end of its log that was seen and is not applied", () => {
  const clock = new LagClock();
  assert.equal(clock.note(at(100, 0), 0), 0);
  assert.equal(clock.note(at(100, 5), 1_000), 0);
  assert.equal(clock.note(at(103, 9), 4_000), 3);
  // The first end (105) is reached; what was seen at 4 s is not.
  assert.equal(clock.note(at(110, 9), 6_000), 2);
  assert.equal(clock.note(at(119, 0), 7_000), 0);
});

test("a busy shard that keeps up is never late, however much is under way", () => {
  const clock = new LagClock();
  for (let second = 0; second < 100; second += 1) {
    assert.ok(clock.note(at(second * 1_000, 800), second * 1_000) <= 1);
  }
});

test("what is another's now is forgotten, and the latest of all shards is told", () => {
  const clock = new LagClock();
  clock.note([...at(0, 1, 1), ...at(0, 1, 2)], 0);
  assert.equal(clock.note([...at(1, 0, 1), ...at(0, 1, 2)], 5_000), 5);
  assert.equal(clock.note(at(1, 0, 1), 9_000), 0);
  assert.equal(clock.note(at(0, 1, 2), 10_000), 0);
});

test("it keeps a bounded number of marks of a shard that stands still", () => {
  const clock = new LagClock();
  let late = 0;
  for (let second = 0; second <= 5_000; second += 1) late = clock.note(at(0, second + 1), second * 1_000);
  assert.equal(late, 5_000);
});
