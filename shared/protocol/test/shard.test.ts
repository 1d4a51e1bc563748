import assert from "node:assert/strict";
import { test } from "node:test";
import { idMax, interestHash, shardHashVersion, shardOf } from "../src/mod.ts";

test("the shard hash is what it was when the first cluster was made", () => {
  // Stored: whoever has to change a number here has to raise the version, and clusters have to be moved.
  assert.equal(shardHashVersion, 1);
  const pinned = [
    ["chat", 1, 64, 7],
    ["chat", 2, 64, 27],
    ["chat", 1_000_000, 1024, 712],
    ["chat", 0x1_0000_0001, 64, 5],
    ["chat", idMax, 64, 17],
    ["user", 1, 64, 45],
    ["user", 2, 64, 9],
    ["user", idMax, 1024, 442],
    ["bot", 7, 64, 41],
    ["endpoint", 7, 64, 30],
  ] as const;
  for (const [kind, id, shards, shard] of pinned) {
    assert.equal(shardOf(kind, id, shards), shard, `${kind} ${id} of ${shards}`);
  }
});

test("successive ids spread evenly over the shards, whatever the kind", () => {
  const ids = 64_000;
  for (const kind of ["chat", "user", "bot", "endpoint"] as const) {
    for (const shards of [16, 64, 100]) {
      const counts = Array.from({ length: shards }, () => 0);
      for (let id = 1; id <= ids; id += 1) {
        const shard = shardOf(kind, id, shards);
        counts[shard] = (counts[shard] ?? 0) + 1;
      }
      // Five standard deviations of throwing them at random.
      const expected = ids / shards;
      const slack = 5 * Math.sqrt(expected);
      for (const count of counts) {
        assert.ok(Math.abs(count - expected) < slack, `${kind}, ${shards} shards: ${count} of ${expected}`);
      }
    }
  }
});

test("ids that differ only above 32 bits are told apart", () => {
  const shards = new Set(
    Array.from({ length: 64 }, (_, high) => shardOf("chat", high * 0x1_0000_0000 + 5, 1024)),
  );
  assert.ok(shards.size > 50, `${shards.size} of 64`);
});

test("equal sets of interest have equal hashes in any order, and a missing actor changes them", () => {
  const keys = Array.from({ length: 100 }, (_, index) => `chat:${index + 1}` as const);
  assert.equal(interestHash(keys), interestHash(keys.toReversed()));
  for (const key of keys) {
    assert.notEqual(interestHash(keys), interestHash(keys.filter((each) => each !== key)));
  }
  assert.equal(interestHash([]), 0);
});
