import assert from "node:assert/strict";
import { test } from "node:test";
import { Flood, type PastVerdict } from "../src/mod.ts";

/** Verdicts of one person who says something at these times. */
function verdicts(timesMs: readonly number[], isCommand = false, limits = {}): string[] {
  const flood = new Flood();
  return timesMs.map((atMs) => flood.note(1, isCommand, limits, atMs));
}
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const every = (stepMs: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => at * stepMs);

test("[T11] one in a second is answered; who is faster is told once, and waits 1.5 s", () => {
  assert.deepEqual(verdicts([0, 100, 200, 1_599, 1_601, 1_700]), [
    "open",
    "tell",
    "silent",
    "silent",
    "open",
    "tell",
  ]);
});

test("[T11] 20 in a minute, then 3 s of silence at least, told once however long it goes on", () => {
  const told = verdicts(every(1_100, 40));
  assert.deepEqual(
    told.slice(0, 20),
    Array.from({ length: 20 }, () => "open"),
  );
  assert.deepEqual(told.slice(20).filter((each) => each === "tell").length, 1);
});

test("[T11] five commands in a minute, while texts go on", () => {
  const flood = new Flood();
  const commands = every(1_100, 6).map((atMs) => flood.note(1, true, undefined, atMs));
  assert.deepEqual(commands, ["open", "open", "open", "open", "open", "tell"]);
  assert.equal(flood.note(1, false, undefined, 9_000), "open");
  assert.equal(flood.note(2, true, undefined, 9_000), "open");
});

test("[T11] 100 in an hour", () => {
  const told = verdicts(every(10_000, 101));
  assert.deepEqual([told.at(99), told.at(100)], ["open", "tell"]);
});

test("[T11] whoever goes on from the rows of another judges as that one would have", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = seeded(seed);
    const said = Array.from({ length: 300 }, () => ({
      afterMs: Math.floor(random() * (random() < 0.1 ? 60_000 : 2_000)),
      personId: Math.floor(random() * 3),
      isCommand: random() < 0.3,
    }));
    let [kept, moved] = [new Flood(), new Flood()];
    const past: PastVerdict[] = [];
    let createdMs = 1_000_000;
    for (const { afterMs, personId, isCommand } of said) {
      createdMs += afterMs;
      const flood = kept.note(personId, isCommand, undefined, createdMs);
      assert.equal(moved.note(personId, isCommand, undefined, createdMs), flood, `seed ${seed}`);
      past.push({ personId, isCommand, flood, createdMs });
      if (random() > 0.1) continue;
      moved = new Flood();
      const nowMs = createdMs;
      for (const each of past.filter((one) => one.createdMs > nowMs - 3_600_000))
        moved.recall(each, undefined);
    }
  }
});

test("a bot may have other limits, or none", () => {
  assert.deepEqual(verdicts([0, 1, 2], false, { perSecond: 2 }), ["open", "open", "tell"]);
  assert.ok(verdicts(every(1, 500), true, { off: true }).every((each) => each === "open"));
});
