/** Somebody else takes a shard, or an answer of Postgres is lost: what is told is what was committed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { claimShards, listShards } from "@rookery/store";
import { appliedSeqOf, bodiesOf, brief, openStage, say, type Stage } from "./stage.ts";
import type { Shard } from "../src/shard.ts";

const withinMs = 15_000;
const stage = await openStage();
const { store, gate } = stage;

async function steal(
  { store }: Stage,
  id: number,
  db: Parameters<typeof claimShards>[0] = store,
): Promise<void> {
  const seen = (await listShards(db, "log")).filter((row) => row.id === id);
  const claimed = await claimShards(db, "log", seen, "thief");
  assert.equal(claimed.length, 1);
  // Nobody died: the next owner need not be cautious.
  await db.query("update shard set deaths = 0 where kind = 'log' and id = $1", [id]);
}

test("[L2] a deposed shard is dropped and nothing of it is told; the others go on", async () => {
  const [taken, kept] = await Promise.all([stage.claim(0), stage.claim(1)]);
  await stage.replies([...stage.feed(taken, say(10, "a")), ...stage.feed(kept, say(20, "a"))]);
  await steal(stage, 0);
  const lost = stage.feed(taken, say(10, "b"), say(11, "c"));
  const found = stage.feed(kept, say(20, "b"));
  assert.deepEqual(brief(await stage.replies(found)), [[2, false]]);
  await until(() => stage.deposed.includes(taken), { withinMs });
  assert.deepEqual(brief(await stage.replies(stage.feed(kept, say(20, "c")))), [[3, false]]);
  for (const ref of lost) assert.equal(stage.isAnswered(ref), false);
  assert.deepEqual(await bodiesOf(store, 10), ["a"]);
  assert.deepEqual(await bodiesOf(store, 11), []);
  assert.deepEqual(stage.deposed, [taken], "once");
});

test("[L2] deposed while a commit waits: the others of that commit, and what was decided behind it, are not lost", async () => {
  const [taken, kept] = await Promise.all([stage.claim(0), stage.claim(1)]);
  let lost: number[] = [];
  let found: number[] = [];
  await stage.whileLocked(
    taken,
    () => {
      // One turn of the loop: both are in one commit.
      lost = stage.feed(taken, say(10, "x"));
      found = stage.feed(kept, say(21, "a"));
    },
    async (db) => {
      lost.push(...stage.feed(taken, say(10, "y")));
      found.push(...stage.feed(kept, say(21, "b"), say(21, "a")));
      await until(() => kept.inbox.length === 0, { withinMs });
      await steal(stage, 0, db);
    },
  );
  assert.deepEqual(brief(await stage.replies(found)), [
    [1, false],
    [2, false],
    [1, true],
  ]);
  await until(() => stage.deposed.includes(taken), { withinMs });
  for (const ref of lost) assert.equal(stage.isAnswered(ref), false);
  assert.deepEqual(await bodiesOf(store, 10), ["a"]);
  assert.deepEqual(await bodiesOf(store, 21), ["a", "b"]);
});

test("[L2] whoever takes a shard over decides what its former owner did not commit, and repeats nothing", async () => {
  const first = await stage.claim(2);
  await stage.replies(stage.feed(first, say(30, "a")));
  await steal(stage, 2);
  const ghosts = stage.feed(first, say(30, "b"));
  await until(() => stage.deposed.includes(first), { withinMs });
  const second = await stage.claim(2);
  assert.equal(second.appliedSeq, first.appliedSeq);
  const refs = stage.feed(second, say(30, "a"), say(30, "b"));
  assert.deepEqual(brief(await stage.replies(refs)), [
    [1, true],
    [2, false],
  ]);
  for (const ref of ghosts) assert.equal(stage.isAnswered(ref), false);
});

/** The commit of "a" to the chat waits for a lock; `during` happens then. */
async function commitDuring(shard: Shard, chatId: number, during: () => Promise<void>): Promise<number[]> {
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, say(chatId, "a"));
    },
    during,
  );
  return refs;
}

test("[L2] a commit whose backend was ended is made again, once", async () => {
  const shard = await stage.claim(3);
  const refs = await commitDuring(shard, 40, async () => {
    const { rows } = await store.query<{ ended: boolean }>(
      `select pg_terminate_backend(pid) as ended from pg_stat_activity
       where application_name = 'loop' and datname = current_database() and wait_event_type = 'Lock'`,
    );
    assert.deepEqual(rows, [{ ended: true }]);
  });
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false]]);
  assert.deepEqual(await bodiesOf(store, 40), ["a"]);
  assert.ok(stage.warnings.some((said) => said.includes("the outcome of a commit is unknown")));
});

test("[L2] a commit whose answer was lost is known by its id, told once, and not made again", async () => {
  const shard = await stage.claim(3);
  const before = shard.appliedSeq;
  const refs = await commitDuring(shard, 41, async () => gate.muffle());
  // It has committed, and the loop cannot know.
  await until(async () => (await appliedSeqOf(store, shard)) > before, { withinMs });
  for (const ref of refs) assert.equal(stage.isAnswered(ref), false);
  gate.open();
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false]]);
  assert.deepEqual(await bodiesOf(store, 41), ["a"]);
  assert.deepEqual(brief(await stage.replies(stage.feed(shard, say(41, "b")))), [[2, false]]);
});

test("[L2] an answer was lost and the shard is somebody else's by now: nothing is told", async () => {
  const shard = await stage.claim(3);
  const before = shard.appliedSeq;
  const refs = await commitDuring(shard, 42, async () => gate.muffle());
  await until(async () => (await appliedSeqOf(store, shard)) > before, { withinMs });
  await steal(stage, 3);
  gate.open();
  await until(() => stage.deposed.includes(shard), { withinMs });
  for (const ref of refs) assert.equal(stage.isAnswered(ref), false);
  // Its new owner tells whoever asks again.
  const next = await stage.claim(3);
  assert.deepEqual(brief(await stage.replies(stage.feed(next, say(42, "a")))), [[1, true]]);
});

test("[L2] Postgres is away for a while, before and during commits: all is told, once and in order", async () => {
  const [one, two] = await Promise.all([stage.claim(2), stage.claim(3)]);
  const refs: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    refs.push(...stage.feed(one, say(50, `a${round}`)), ...stage.feed(two, say(51, `b${round}`)));
    if (round === 5) gate.cut();
    if (round === 30) await until(() => gate.refused >= 3, { withinMs, what: "it is noticed" });
    await new Promise((resolve) => setImmediate(resolve));
  }
  gate.open();
  const answers = brief(await stage.replies(refs));
  const order = (from: number): unknown[] => answers.filter((_, index) => index % 2 === from);
  const expected = Array.from({ length: 40 }, (_, index) => [index + 1, false]);
  assert.deepEqual(order(0), expected);
  assert.deepEqual(order(1), expected);
  assert.equal((await bodiesOf(store, 50)).length, 40);
  assert.equal((await bodiesOf(store, 51)).length, 40);
});

test("[L2] a partial commit of isolation whose answer was lost is not made twice either", async () => {
  const shard = await stage.claim(2);
  const before = stage.events.length;
  const appliedSeq = await appliedSeqOf(store, shard);
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      // The poison has the whole message gone through one by one.
      refs = stage.feed(shard, say(60, "a"), say(60, "p", "throw"), say(60, "b"));
    },
    async () => gate.muffle(),
  );
  await until(async () => (await bodiesOf(store, 60)).length === 1, { withinMs });
  // Who takes over now begins with this message again: the offset moves with its last command.
  assert.equal(await appliedSeqOf(store, shard), appliedSeq);
  gate.open();
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false], "internal", [2, false]]);
  assert.deepEqual(await bodiesOf(store, 60), ["a", "b"]);
  assert.equal(stage.events.length, before + 2);
});
