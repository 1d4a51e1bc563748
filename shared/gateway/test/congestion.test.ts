import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShardId } from "@rookery/protocol";
import { openCongestion } from "../src/congestion.ts";

const [one, other] = [0, 1] as ShardId[] as [ShardId, ShardId];

test("[L7] a shard whose answers come late is congested until they come soon again, and no other is", () => {
  const congestion = openCongestion(2);
  assert.equal(congestion.isLate(one, 0), false);
  congestion.answered(one, 2_000, 10_000);
  assert.deepEqual([congestion.isLate(one, 10_500), congestion.isLate(other, 10_500)], [true, false]);
  congestion.answered(one, 20, 10_600);
  assert.equal(congestion.isLate(one, 10_600), false);
});

test("[L7] a late answer is forgotten, so that somebody finds out whether it is better now", () => {
  const congestion = openCongestion(1);
  congestion.answered(one, 9_000, 10_000);
  assert.deepEqual([congestion.isLate(one, 10_999), congestion.isLate(one, 11_000)], [true, false]);
});
