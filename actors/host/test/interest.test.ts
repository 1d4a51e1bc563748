import assert from "node:assert/strict";
import { test } from "node:test";
import { openRandom, seeds } from "@rookery/kit";
import { type ActorKey, type InterestUpdate, interestHash } from "@rookery/protocol";
import { Interest } from "../src/interest.ts";
const update = (version: number, changes: Partial<InterestUpdate>): InterestUpdate => ({
  edge: "edge-0",
  version,
  whole: false,
  add: [],
  remove: [],
  ...changes,
});

test("the first word of an edge has to be the whole", () => {
  const interest = new Interest();
  assert.equal(interest.apply(update(1, { add: ["chat:1"] })), false);
  assert.equal(interest.knows("edge-0"), false);
  assert.deepEqual([...interest.watchersOf("chat:1")], []);
  assert.equal(interest.apply(update(1, { whole: true, add: ["chat:1"] })), true);
  assert.equal(interest.knows("edge-0"), true);
  assert.deepEqual([...interest.watchersOf("chat:1")], ["edge-0"]);
});

test("[L5] a part after a part that was lost is not taken, and the whole heals", () => {
  const interest = new Interest();
  interest.apply(update(1, { whole: true, add: ["chat:1"] }));
  assert.equal(interest.apply(update(3, { add: ["chat:3"] })), false);
  assert.deepEqual([...interest.watchersOf("chat:3")], []);
  assert.equal(interest.apply(update(4, { whole: true, add: ["chat:2", "chat:3"] })), true);
  assert.deepEqual([...interest.watchersOf("chat:1")], [], "what the whole does not name is not watched");
  assert.deepEqual([...interest.watchersOf("chat:3")], ["edge-0"]);
});

test("an update heard before, or older, is answered and changes nothing", () => {
  const interest = new Interest();
  interest.apply(update(5, { whole: true, add: ["chat:1"] }));
  assert.equal(interest.apply(update(5, { whole: true, add: ["chat:9"] })), true);
  assert.equal(interest.apply(update(4, { remove: ["chat:1"] })), true);
  assert.deepEqual([...interest.watchersOf("chat:1")], ["edge-0"]);
  assert.deepEqual([...interest.watchersOf("chat:9")], []);
  assert.equal(interest.hashOf("edge-0"), interestHash(["chat:1"]));
});

test("edges do not touch each other, and one that is gone watches nothing", () => {
  const interest = new Interest();
  for (const edge of ["a", "b"]) interest.apply(update(1, { edge, whole: true, add: ["chat:1", "user:1"] }));
  interest.apply(update(2, { edge: "a", remove: ["chat:1"] }));
  assert.deepEqual([...interest.watchersOf("chat:1")], ["b"]);
  interest.forget("b");
  assert.deepEqual([...interest.watchersOf("chat:1")], []);
  assert.deepEqual([...interest.watchersOf("user:1")], ["a"]);
  assert.deepEqual([...interest.edges()], ["a"]);
  assert.equal(interest.hashOf("b"), interestHash([]));
  assert.equal(interest.apply(update(2, { edge: "b", add: ["chat:1"] })), false, "it starts with the whole");
});

for (const seed of seeds) {
  test(`[L5] however many updates are lost or late, a whole one and the hash bring agreement (seed ${seed})`, () => {
    const random = openRandom(seed);
    const interest = new Interest();
    const edges = ["a", "b", "c"].map((edge) => ({ edge, version: 0, watched: new Set<ActorKey>() }));
    const late: InterestUpdate[] = [];
    for (let round = 0; round < 2_000; round += 1) {
      const one = edges[random.below(edges.length)];
      assert.ok(one !== undefined);
      const key: ActorKey = `chat:${1 + random.below(20)}`;
      const leaves = one.watched.has(key);
      if (leaves) one.watched.delete(key);
      else one.watched.add(key);
      one.version += 1;
      const part = update(one.version, { edge: one.edge, [leaves ? "remove" : "add"]: [key] });
      if (random.once(10)) late.push(part);
      else if (!random.once(10) && !interest.apply(part)) {
        one.version += 1;
        const whole = update(one.version, { edge: one.edge, whole: true, add: [...one.watched] });
        assert.equal(interest.apply(whole), true);
      }
      const old = random.once(5) ? late.shift() : undefined;
      // Late ones are older than what was taken since, or not to be taken at all.
      if (old !== undefined && old.version !== edges.find(({ edge }) => edge === old.edge)?.version) {
        interest.apply(old);
      }
    }
    for (const { edge, version, watched } of edges) {
      // What the owner's hash does for real: the edge sees the difference and says the whole.
      if (interest.hashOf(edge) !== interestHash(watched) || !interest.knows(edge)) {
        interest.apply(update(version + 1, { edge, whole: true, add: [...watched] }));
      }
      assert.equal(interest.hashOf(edge), interestHash(watched));
    }
    for (let id = 1; id <= 20; id += 1) {
      const key: ActorKey = `chat:${id}`;
      assert.deepEqual(
        [...interest.watchersOf(key)].toSorted(),
        edges.filter(({ watched }) => watched.has(key)).map(({ edge }) => edge),
      );
    }
  });
}
