import assert from "node:assert/strict";
import { test } from "node:test";
import { openRandom, seeds, until } from "@rookery/kit";
import { bodies, lookedUp } from "./line.ts";
import { appliedSeqOf, bodiesOf, brief, openStage, say } from "./stage.ts";

const withinMs = 15_000;
const stage = await openStage();
const { store } = stage;
let shard = await stage.claim(0);
let other = await stage.claim(1);

test("[L1] nothing is told before its commit, and everything after it", async () => {
  let refs: number[] = [];
  const before = stage.events.length;
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, say(10, "a"), say(11, "b"));
    },
    async () => {
      // What comes meanwhile is decided, and waits too.
      refs.push(...stage.feed(shard, say(10, "c")), ...stage.feed(other, say(20, "d")));
      await until(() => other.inbox.length === 0 && shard.inbox.length === 0, { withinMs });
      assert.equal(stage.events.length, before);
      for (const ref of refs) assert.equal(stage.isAnswered(ref), false);
      assert.equal(await appliedSeqOf(store, shard), 0);
    },
  );
  assert.deepEqual(brief(await stage.replies(refs)), [
    [1, false],
    [1, false],
    [2, false],
    [1, false],
  ]);
  assert.equal(stage.events.length, before + 4);
  assert.deepEqual(await bodiesOf(store, 10), ["a", "c"]);
});

test("[L1] a release holds what is in Postgres, at the moment it is told", async () => {
  const [ref] = stage.feed(shard, say(12, "now"));
  assert.ok(ref !== undefined);
  await until(() => stage.isAnswered(ref), { withinMs });
  assert.deepEqual(await bodiesOf(store, 12), ["now"]);
  assert.equal(await appliedSeqOf(store, shard), shard.appliedSeq);
});

test("[L7] a full mailbox sheds its oldest and tells them so; other actors of the shard are served", async () => {
  const names = Array.from({ length: 2_100 }, (_, index) => `m${index}`);
  const refs = stage.feed(shard, ...names.map((name) => say(917, name)), say(918, "neighbour"));
  const replies = brief(await stage.replies(refs));
  assert.deepEqual(replies.slice(0, 100), Array<string>(100).fill("overloaded"));
  assert.deepEqual(replies.at(-1), [1, false]);
  assert.deepEqual(await bodiesOf(store, 917), names.slice(100));
});

test("[L3] a repeated uuid returns the first sequence, from memory, and changes nothing", async () => {
  const first = stage.feed(shard, say(13, "u"));
  assert.deepEqual(brief(await stage.replies(first)), [[1, false]]);
  const events = stage.events.length;
  const again = stage.feed(shard, say(13, "u", "another body"), say(13, "v"), say(13, "u"));
  assert.deepEqual(brief(await stage.replies(again)), [
    [1, true],
    [2, false],
    [1, true],
  ]);
  assert.deepEqual(await bodiesOf(store, 13), ["u", "v"]);
  assert.equal(stage.events.length, events + 1);
});

test("[L3] a repeat in the very same batch is one, and burns no sequence", async () => {
  const refs = stage.feed(shard, say(14, "u"), say(14, "u"), say(14, "v"), say(14, "u"));
  assert.deepEqual(brief(await stage.replies(refs)), [
    [1, false],
    [1, true],
    [2, false],
    [1, true],
  ]);
  assert.deepEqual(await bodiesOf(store, 14), ["u", "v"]);
  assert.deepEqual(stage.warnings, [], "nor is it left to the unique index");
});

test("few that come while a commit is in flight share the next; many are decided before it has landed", async () => {
  const early = await openStage(3);
  const mine = await early.claim(0);
  const refs: number[] = [];
  await early.whileLocked(
    mine,
    () => refs.push(...early.feed(mine, say(10, "a"))),
    async (db) => {
      refs.push(...early.feed(mine, say(10, "b")));
      // Long enough for it to be decided, if it were.
      await db.query("select pg_sleep(0.05)");
      assert.equal(mine.inbox.length, 1);
      refs.push(...early.feed(mine, say(10, "c")));
    },
  );
  await early.replies(refs);
  assert.equal(early.releases.length, 2);
  await early.whileLocked(
    mine,
    () => refs.push(...early.feed(mine, say(10, "d"))),
    async () => {
      refs.push(...early.feed(mine, say(10, "e"), say(10, "f"), say(10, "g")));
      await until(() => mine.inbox.length === 0, { withinMs });
    },
  );
  await early.replies(refs);
  assert.deepEqual(await bodiesOf(early.store, 10), ["a", "b", "c", "d", "e", "f", "g"]);
});

test("[L3] a repeat of what is not committed yet waits for that commit", async () => {
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, say(15, "u"));
    },
    async () => {
      refs.push(...stage.feed(shard, say(15, "u")));
      await until(() => shard.inbox.length === 0, { withinMs });
      for (const ref of refs) assert.equal(stage.isAnswered(ref), false);
    },
  );
  assert.deepEqual(brief(await stage.replies(refs)), [
    [1, false],
    [1, true],
  ]);
});

test("[L3] the same uuid of another sender, or to another chat, is another command", async () => {
  const refs = stage.feed(shard, say(16, "u"), { ...say(16, "u"), senderId: 2 }, say(17, "u"));
  assert.deepEqual(brief(await stage.replies(refs)), [
    [1, false],
    [2, false],
    [1, false],
  ]);
});

test("[L3] new commands are not looked up first; a repeat among them is refused by the commit, then found", async () => {
  await stage.replies(stage.feed(shard, ...Array.from({ length: 60 }, (_, index) => say(29, `f-${index}`))));
  await stage.replies(stage.feed(shard, say(29, "settled")));
  shard.expectRepeats(0);
  const [asked, refused] = [lookedUp.length, shard.refusedCommits];
  await stage.replies(stage.feed(shard, say(29, "one"), say(29, "two")));
  assert.equal(lookedUp.length, asked, "nobody is asked");
  const refs = stage.feed(shard, say(29, "three"), say(29, "f-3"), say(29, "four"), say(29, "f-3"));
  refs.push(...stage.feed(other, say(30, "neighbour")));
  assert.deepEqual(brief(await stage.replies(refs)), [
    [64, false],
    [4, true],
    [65, false],
    [4, true],
    [1, false],
  ]);
  assert.ok(lookedUp.includes("f-3") && shard.expectsRepeats, "where one came others are looked for");
  assert.ok(shard.refusedCommits > refused, "and it is counted");
  assert.equal((await bodiesOf(store, 29)).length, 65);
  assert.deepEqual(stage.warnings, []);
});

test("[L3] a refusal is no outcome: the same uuid is decided anew", async () => {
  const refs = stage.feed(shard, say(18, "u", bodies.refused), say(18, "u", "better"));
  assert.deepEqual(brief(await stage.replies(refs)), ["forbidden", [1, false]]);
  assert.deepEqual(await bodiesOf(store, 18), ["better"]);
});

test("[L3] what has left memory, and what a restart forgot, is found in Postgres", async () => {
  const many = Array.from({ length: 400 }, (_, index) => say(19, `m-${index}`));
  await stage.replies(stage.feed(shard, ...many));
  await stage.replies(stage.feed(shard, say(19, "last")));
  assert.deepEqual(brief(await stage.replies(stage.feed(shard, say(19, "m-0"), say(19, "m-399")))), [
    [1, true],
    [400, true],
  ]);
  await stage.restart();
  [shard, other] = await Promise.all([stage.claim(0), stage.claim(1)]);
  const refs = stage.feed(shard, say(19, "m-7"), say(19, "new"), say(19, "m-7"), say(19, "new"));
  assert.deepEqual(brief(await stage.replies(refs)), [
    [8, true],
    [402, false],
    [8, true],
    [402, true],
  ]);
  assert.equal((await bodiesOf(store, 19)).length, 402);
});

test("a stranger who keeps asking for a chat that is not there delays nobody", async () => {
  const warned = stage.warnings.length;
  const refs: number[] = [];
  for (let round = 0; round < 60; round += 1) {
    refs.push(...stage.feed(shard, say(999, `s-${round}`, bodies.refused)));
    refs.push(...stage.feed(other, say(21, `n-${round}`)));
    // A turn of the loop between two messages, so that they meet in different commits.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await stage.replies(refs);
  assert.deepEqual(stage.warnings.slice(warned), []);
  assert.equal((await bodiesOf(store, 21)).length, 60);
});

test("a message without commands moves the offset all the same", async () => {
  const before = shard.appliedSeq;
  stage.feed(shard);
  await until(() => shard.appliedSeq > before, { withinMs });
  assert.equal(await appliedSeqOf(store, shard), shard.appliedSeq);
});

for (const seed of seeds) {
  test(`[L4] however messages come, each shard is told in its log's order, without gaps (seed ${seed})`, async () => {
    const random = openRandom(seed);
    const start = stage.events.length;
    const said = new Map<number, string[]>();
    const refs: number[] = [];
    for (let round = 0; round < 150; round += 1) {
      const [target, base] = random.once(2) ? [shard, 100] : [other, 200];
      const commands = Array.from({ length: random.below(12) }, (_, index) => {
        const chatId = base + random.below(3) + (seed % 1_000) * 1_000;
        const body = `${round}.${index}`;
        said.set(chatId, [...(said.get(chatId) ?? []), body]);
        return say(chatId, body);
      });
      refs.push(...stage.feed(target, ...commands));
      if (random.once(3)) await new Promise((resolve) => setImmediate(resolve));
    }
    const answers = await stage.replies(refs);
    assert.ok(answers.every((answer) => answer.kind === "done" && !answer.duplicate));
    for (const [chatId, expected] of said) {
      const told = stage.events
        .slice(start)
        .flatMap((event) => (event.kind === "message" && event.chatId === chatId ? [event] : []));
      assert.deepEqual(
        told.map(({ seq }) => seq),
        expected.map((_, index) => index + 1),
      );
      assert.deepEqual(
        told.map(({ message }) => message.body),
        expected,
      );
      assert.deepEqual(await bodiesOf(store, chatId), expected);
    }
  });
}
