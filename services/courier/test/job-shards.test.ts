/** The keeper alone: what its parts are told, and when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { encodeInternal, type Job, type TelegramSend } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openJobShards } from "../src/job-shards.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const withinMs = 10_000;
const never = 3_600_000;

function open() {
  const listeners = new Map<string, (bytes: Uint8Array) => void>();
  const held = new Map<number, number>();
  const jobShards = openJobShards({
    bus: {
      subscribe(subject, hear) {
        listeners.set(subject, (bytes) => hear({ subject, bytes, respond: () => {} }));
        return { close: () => listeners.delete(subject) };
      },
    },
    ownership: { held },
    log,
  });
  return {
    jobShards,
    held,
    listeners,
    claim: (shard: number, epoch: number): void => {
      held.set(shard, epoch);
      jobShards.claimed(shard);
    },
  };
}

test("a part hears its kind of job only, looks when it joins and when a shard comes, and has the fences of what it holds", async () => {
  const { jobShards, listeners, claim } = open();
  claim(1, 7);
  let looks = 0;
  const heard: number[] = [];
  const part = jobShards.join({
    of: "sends",
    hears: { kind: "telegramSend", hear: (jobs) => void heard.push(...jobs.map(({ seq }) => seq)) },
    lookMs: never,
    look: async () => void looks++,
  });
  await until(() => looks === 1, { withinMs });
  claim(2, 9);
  await until(() => looks === 2, { withinMs });
  const owner = { kind: "bot", id: 5 } as const;
  const jobs = [
    { kind: "telegramUpdate", owner, job: {} },
    { kind: "telegramSend", owner, job: { seq: 3 } as TelegramSend },
  ] as Job[];
  listeners.get("job.2")?.(encodeInternal({ jobs }));
  assert.deepEqual(heard, [3]);
  assert.deepEqual(part.fencesOf([1, 2, 2, 3]), [
    { shard: 1, epoch: 7 },
    { shard: 2, epoch: 9 },
  ]);
  await part.close();
});

test("what is asked for during a look is looked for once more after it, never beside it", async () => {
  const { jobShards } = open();
  let begun = 0;
  let atOnce = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  const part = jobShards.join({
    of: "anything",
    lookMs: never,
    look: async () => {
      begun += 1;
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => ends.push(resolve));
      atOnce -= 1;
    },
  });
  await until(() => begun === 1, { withinMs });
  for (let index = 0; index < 3; index += 1) part.look();
  ends[0]?.();
  await until(() => begun === 2, { withinMs });
  const closed = part.close();
  ends[1]?.();
  await closed;
  assert.deepEqual([begun, most], [2, 1]);
});

test("a look that fails is followed by the next", async () => {
  const { jobShards } = open();
  let looks = 0;
  const part = jobShards.join({
    of: "anything",
    lookMs: 5,
    look: async () => {
      looks += 1;
      throw new Error("Postgres is away");
    },
  });
  await until(() => looks >= 3, { withinMs });
  await part.close();
});

test("[L2] a shard that leaves: nothing new is begun, its signals end, and its fence holds until what is in flight has landed", async () => {
  const { jobShards, held, listeners, claim } = open();
  claim(1, 7);
  let land = (): void => {};
  const flight = new Promise<void>((resolve) => {
    land = resolve;
  });
  const part = jobShards.join({ of: "flights", lookMs: never, look: async () => {}, drain: () => flight });
  const signal = part.signalOf(1);
  assert.deepEqual([part.holds(1), signal.aborted, part.signalOf(2).aborted], [true, false, true]);
  let drained = false;
  const draining = jobShards.drain(1).then(() => {
    drained = true;
  });
  await new Promise(setImmediate);
  assert.deepEqual([part.holds(1), signal.aborted, listeners.size, drained], [false, true, 0, false]);
  assert.deepEqual(part.fencesOf([1]), [{ shard: 1, epoch: 7 }]);
  land();
  await draining;
  held.delete(1);
  assert.deepEqual(part.fencesOf([1]), []);
  // It comes back: work of before stays ended, new work may begin.
  claim(1, 8);
  assert.deepEqual([part.holds(1), signal.aborted, part.signalOf(1).aborted], [true, true, false]);
  await part.close();
  assert.equal(part.holds(1), false);
});
