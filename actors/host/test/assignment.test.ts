import assert from "node:assert/strict";
import { test } from "node:test";
import { openRandom, type Random, seeds } from "@rookery/kit";
import { assign, type Holding } from "../src/mod.ts";
const roundsMax = 200;

function loads(target: ReadonlyMap<number, string>, members: readonly string[]): number[] {
  const owners = [...target.values()];
  return members.map((member) => owners.filter((owner) => owner === member).length);
}

/** Everybody has ⌊n/m⌋ or ⌈n/m⌉ shards, and every shard has somebody. */
function assertFair(target: ReadonlyMap<number, string>, shards: number, members: readonly string[]): void {
  assert.equal(target.size, shards);
  for (const load of loads(target, members)) {
    assert.ok(load >= Math.floor(shards / members.length), `${load} of ${shards} is too few`);
    assert.ok(load <= Math.ceil(shards / members.length), `${load} of ${shards} is too many`);
  }
}

const held = (target: ReadonlyMap<number, string>): Holding[] => [...target];
const free = (shards: number): Holding[] => Array.from({ length: shards }, (_, shard) => [shard, null]);
const names = (random: Random, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `worker-${index}.${random.below(0xffff).toString(16)}`);

/** Those whose owner changed, and whom they came from and went to. */
function moves(
  before: readonly Holding[],
  after: ReadonlyMap<number, string>,
): { from: string; to: string | undefined }[] {
  return before.flatMap(([shard, from]) => {
    const to = after.get(shard);
    return from === null || from === to ? [] : [{ from, to }];
  });
}

test("with nobody there, nothing is assigned; with one, everything", () => {
  assert.equal(assign(free(64), []).size, 0);
  assert.deepEqual(loads(assign(free(64), ["a"]), ["a"]), [64]);
  assert.equal(assign([], ["a", "b"]).size, 0);
});

test("more members than shards: some have one, the others none", () => {
  const members = names(openRandom(1), 10);
  assertFair(assign(free(4), members), 4, members);
});

for (const seed of seeds) {
  test(`shards are shared out evenly, and the same by whoever computes it (seed ${seed})`, () => {
    const random = openRandom(seed);
    for (let round = 0; round < roundsMax; round += 1) {
      const [shards, count] = [1 + random.below(130), 1 + random.below(9)];
      const members = names(random, count);
      const holdings = free(shards).map(([shard]): Holding => {
        const owner = random.below(count + 2);
        return [shard, members[owner] ?? (owner === count ? "gone" : null)];
      });
      const target = assign(holdings, members);
      assertFair(target, shards, members);
      assert.deepEqual(assign(holdings, members), target);
      assert.deepEqual(assign(held(target), members), target, "what is fair stays as it is");
    }
  });

  test(`no fewer could move, whatever is held by whom (seed ${seed})`, () => {
    const random = openRandom(seed);
    for (let round = 0; round < roundsMax; round += 1) {
      const [shards, count] = [1 + random.below(130), 1 + random.below(9)];
      const members = names(random, count);
      // Lopsided: those first in the list have more.
      const holdings = free(shards).map(
        ([shard]): Holding => [
          shard,
          members[Math.min(random.below(count + 1), random.below(count + 1))] ?? null,
        ],
      );
      const target = assign(holdings, members);
      const before = members.map((member) => holdings.filter(([, owner]) => owner === member).length);
      const [min, max] = [Math.floor(shards / count), Math.ceil(shards / count)];
      const over = before.reduce((sum, load) => sum + Math.max(0, load - max), 0);
      const missing = before.reduce((sum, load) => sum + Math.max(0, min - load), 0);
      const unowned = holdings.filter(([, owner]) => owner === null).length;
      assert.equal(
        moves(holdings, target).length,
        Math.max(over, missing - unowned),
        `seed ${seed}, round ${round}: ${before.join()} of ${shards}`,
      );
    }
  });

  test(`who joins takes a share and nothing else moves; of who goes, only theirs move (seed ${seed})`, () => {
    const random = openRandom(seed);
    const shards = 16 + random.below(240);
    let members = names(random, 1 + random.below(4));
    let target = assign(free(shards), members);
    for (let round = 0; round < 30; round += 1) {
      const before = held(target);
      if (members.length > 1 && random.once(2)) {
        const [gone] = members.splice(random.below(members.length), 1);
        target = assign(before, members);
        for (const { from } of moves(before, target)) assert.equal(from, gone);
      } else {
        const newcomer = `new-${round}`;
        members = [...members, newcomer];
        target = assign(before, members);
        const moved = moves(before, target);
        for (const { to } of moved) assert.equal(to, newcomer);
        assert.equal(moved.length, Math.floor(shards / members.length));
      }
      assertFair(target, shards, members);
    }
  });
}

test("shards nobody holds go to the same members in whatever order these are named", () => {
  const members = names(openRandom(7), 5);
  const target = assign(free(64), members);
  const again = assign(free(64).toReversed(), members.toReversed());
  assert.deepEqual([...again].toSorted(byShard), [...target].toSorted(byShard));
});

function byShard([one]: readonly [number, string], [other]: readonly [number, string]): number {
  return one - other;
}
