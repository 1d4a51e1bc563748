import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ownership } from "@rookery/store";
import { encodeDuration, encodeShards, viewShards } from "../src/shard-view.ts";

function row(id: number, fields: Partial<Ownership> = {}): Ownership {
  return {
    id,
    epoch: 4,
    owner: "worker-0.a",
    claimedMs: 1_000,
    logId: null,
    appliedSeq: 12,
    appliedMsgId: null,
    appliedMs: null,
    commitId: 0,
    deaths: 0,
    suspect: null,
    ...fields,
  };
}

test("a lag counts for the epoch it was said of, and a shard without an owner has none", () => {
  const rows = [row(0), row(1, { owner: null }), row(2, { epoch: 5 })];
  const views = viewShards(rows, (_, epoch) => (epoch === 4 ? 7 : null), 62_000);
  assert.deepEqual(
    views.map(({ lag, ownedMs }) => [lag, ownedMs]),
    [
      [7, 61_000],
      [null, null],
      [null, 61_000],
    ],
  );
});

test("the table is summed up above it", () => {
  const views = viewShards([row(0), row(1, { owner: null })], () => 7, 62_000);
  assert.deepEqual(encodeShards(views, "log", 10), [
    "2 log shards, 1 owners, 1 without one, lag 7",
    "shard  owner       epoch  applied  lag  owned for  deaths",
    "    0  worker-0.a      4       12    7      1m 1s       0",
    "    1  -               4       12    -          -       0",
  ]);
});

test("of more shards than fit, those without an owner, with deaths and with lag come first", () => {
  const rows = [row(0), row(1), row(2, { deaths: 1 }), row(3), row(4, { owner: null })];
  const views = viewShards(rows, (shard) => (shard === 3 ? 9 : 0), 62_000);
  const [, , ...lines] = encodeShards(views, "log", 4);
  assert.deepEqual(
    lines.map((line) => line.trim().split(" ")[0]),
    ["4", "2", "3", "0", "…"],
  );
});

test("durations have their two largest units", () => {
  const shown = [999, 59_000, 200_000, 18_720_000, 788_400_000].map(encodeDuration);
  assert.deepEqual(shown, ["0s", "59s", "3m 20s", "5h 12m", "9d 3h"]);
});
