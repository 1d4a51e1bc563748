/** What actors decide by and no actor owns: a change is obeyed by every command after it, though nobody announces it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inTransaction } from "@rookery/store";
import { until } from "@rookery/kit";
import { bodies, changeWord } from "./line.ts";
import { bodiesOf, brief, openStage, say } from "./stage.ts";

const withinMs = 15_000;
const stage = await openStage();
const { store } = stage;
const shard = await stage.claim(0);
const other = await stage.claim(1);
const { fact, poison } = bodies;

const change = (word: string): Promise<void> => inTransaction(store, (db) => changeWord(db, word));
const knows = (id: number, uuid: string) => say(id, uuid, fact);

test("a command after a change of the facts is decided with what they are then, unannounced", async () => {
  await change("one");
  await stage.replies(stage.feed(shard, knows(10, "a")));
  await change("two");
  await stage.replies(stage.feed(shard, knows(10, "b")));
  assert.deepEqual(await bodiesOf(store, 10), ["fact: one", "fact: two"]);
});

test("as long as nothing changes, they are read once", async () => {
  await stage.replies(stage.feed(shard, knows(11, "a")));
  const before = stage.factReads;
  for (const uuid of ["b", "c", "d"]) await stage.replies(stage.feed(shard, knows(11, uuid)));
  assert.equal(stage.factReads, before);
});

test("who is told of a change reads before it decides", async () => {
  await stage.replies(stage.feed(shard, knows(12, "a")));
  const before = stage.factReads;
  await change("told");
  stage.renewFacts();
  await stage.replies(stage.feed(shard, knows(12, "b")));
  assert.equal(stage.factReads, before + 1);
  assert.equal((await bodiesOf(store, 12)).at(-1), "fact: told");
});

test("[L3, L4] a commit decided with facts of yesterday is not written, and decided again with what came behind it, in order", async () => {
  await change("yesterday");
  await stage.replies([...stage.feed(shard, knows(13, "0")), ...stage.feed(other, knows(23, "0"))]);
  const released = stage.events.length;
  const refs: number[] = [];
  // A commit that waits has seen the version of its beginning; what is decided behind it commits after the change.
  await stage.whileLocked(
    shard,
    () => refs.push(...stage.feed(shard, knows(13, "a"))),
    async () => {
      refs.push(...stage.feed(shard, knows(13, "b")), ...stage.feed(other, knows(23, "b")));
      await until(() => shard.inbox.length === 0 && other.inbox.length === 0, { withinMs });
      await change("today");
      refs.push(...stage.feed(shard, knows(13, "c"), knows(13, "a")), ...stage.feed(other, knows(23, "c")));
    },
  );
  assert.deepEqual(brief(await stage.replies(refs)), [
    [2, false],
    [3, false],
    [2, false],
    [4, false],
    [2, true],
    [3, false],
  ]);
  const words = [...(await bodiesOf(store, 13)).slice(1), ...(await bodiesOf(store, 23)).slice(1)];
  // The first had begun before the change: for it either is true. All others come after.
  assert.deepEqual(
    words.slice(1),
    Array.from({ length: 4 }, () => "fact: today"),
  );
  const seqs = stage.events.slice(released).flatMap((e) => (e.kind === "message" ? [[e.chatId, e.seq]] : []));
  assert.deepEqual(
    seqs.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
    [
      [13, 2],
      [13, 3],
      [13, 4],
      [23, 2],
      [23, 3],
    ],
  );
});

test("facts that change all the time hold nobody up for good", async () => {
  let isOver = false;
  const changes = (async () => {
    for (let n = 0; !isOver; n += 1) await change(`word ${n}`);
  })();
  for (let n = 0; n < 30; n += 1) await stage.replies(stage.feed(shard, knows(14, `m-${n}`)));
  isOver = true;
  await changes;
  const words = (await bodiesOf(store, 14)).map((body) => Number(body.slice("fact: word ".length)));
  assert.deepEqual(
    words.filter((n) => !Number.isNaN(n)),
    words.filter((n) => !Number.isNaN(n)).toSorted((a, b) => a - b),
    "nobody goes back to what was",
  );
});

test("[L8] one command a commit obeys them as well", async () => {
  await change("before the poison");
  await stage.replies(stage.feed(shard, knows(15, "a")));
  await change("after it");
  const refs = stage.feed(shard, knows(15, "b"), say(16, "bad", poison), knows(15, "c"));
  assert.deepEqual(brief(await stage.replies(refs)), [[2, false], "internal", [3, false]]);
  assert.deepEqual((await bodiesOf(store, 15)).slice(1), ["fact: after it", "fact: after it"]);
});
