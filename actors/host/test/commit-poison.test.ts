/** Commands that cannot be decided or written: parked, and their neighbours are none the worse for them. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { until } from "@rookery/kit";
import type { LoggedCommand } from "@rookery/protocol";
import { listDeadLetters, listShards, markSuspect, type Suspect } from "@rookery/store";
import { bodies } from "./line.ts";
import { appliedSeqOf, bodiesOf, brief, openStage, say } from "./stage.ts";

const withinMs = 15_000;
const stage = await openStage();
const { store } = stage;
let shard = await stage.claim(0);
let other = await stage.claim(1);
let chatId = 10;

beforeEach(async () => {
  chatId += 1;
  await store.query("truncate dead_letter");
});

const letters = () => listDeadLetters(store, { limit: 100, newestFirst: false, withRetried: true });

const poisons: readonly (readonly [string, (id: number) => Partial<LoggedCommand>])[] = [
  ["makes its actor throw", (id) => say(id, "p", bodies.poison)],
  ["has U+0000 in its body", (id) => say(id, "p", "a\0b")],
  ["has half a character in its body", (id) => say(id, "p", "\udc00")],
  ["has U+0000 in its uuid", (id) => say(id, "p\0", "body")],
  ["is for an actor that nobody hosts", (id) => ({ ...say(id, "p"), actor: { kind: "bot", id } })],
  ["has no body", (id) => say(id, "p", null as never)],
];

for (const [what, poison] of poisons) {
  test(`[L8] a command that ${what} is parked, its sender told, and its neighbours are committed`, async () => {
    const refs = [
      ...stage.feed(shard, say(chatId, "a"), poison(chatId), say(chatId, "b")),
      ...stage.feed(other, say(chatId + 1_000, "c")),
      ...stage.feed(shard, say(chatId, "d")),
    ];
    assert.deepEqual(brief(await stage.replies(refs)), [
      [1, false],
      "internal",
      [2, false],
      [1, false],
      [3, false],
    ]);
    assert.deepEqual(await bodiesOf(store, chatId), ["a", "b", "d"]);
    await until(async () => (await appliedSeqOf(store, shard)) === shard.appliedSeq, { withinMs });
    const [letter, ...more] = await letters();
    assert.equal(more.length, 0);
    assert.equal(letter?.shard, 0);
    assert.equal(letter?.senderId, 1);
    assert.ok((letter?.seq ?? 0) > 0);
    assert.ok((letter?.reason ?? "").length > 3, letter?.reason);
    const { uuid, actor, command } = poison(chatId);
    const kept = JSON.parse(letter?.command ?? "") as LoggedCommand;
    assert.deepEqual(
      { uuid: kept.uuid, actor: kept.actor, command: kept.command },
      { uuid, actor, command },
      "what an operator finds is what was sent",
    );
  });
}

test("[L8] a command that an actor cannot even be asked about is parked like one that it cannot bear", async () => {
  await stage.replies(stage.feed(shard, say(chatId, "before")));
  const refs = stage.feed(shard, say(chatId, "a"), say(chatId, "p", bodies.unknown), say(chatId, "b"));
  assert.deepEqual(brief(await stage.replies(refs)), [[2, false], "internal", [3, false]]);
  assert.equal((await letters()).length, 1);
});

test("[L8] Postgres lost while commands are tried one by one is waited for, and nothing is parked for it", async () => {
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, say(chatId, "a"), say(chatId, "p", bodies.poison), say(chatId, "b"));
    },
    async () => {
      stage.gate.cut();
      // It comes again and again, and is turned away.
      await until(() => stage.gate.refused > 1, { withinMs });
    },
  );
  stage.gate.open();
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false], "internal", [2, false]]);
  assert.deepEqual(await bodiesOf(store, chatId), ["a", "b"]);
  assert.equal((await letters()).length, 1);
});

test("[L8] [L3] who has to stop meanwhile parks nothing: the next owner finds it all in the log", async () => {
  const sent = [say(chatId, "a"), say(chatId, "p", bodies.poison), say(chatId, "b")];
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, ...sent);
    },
    async () => {
      stage.gate.cut();
      await until(() => stage.gate.refused > 1, { withinMs });
      stage.giveUp();
    },
  );
  await stage.restart();
  stage.gate.open();
  assert.ok(refs.every((ref) => !stage.isAnswered(ref)));
  assert.equal((await letters()).length, 0);
  // Restarted, it holds nothing: both shards are claimed anew.
  shard = await stage.claim(0);
  other = await stage.claim(1);
  const again = stage.feed(shard, ...sent);
  assert.deepEqual(
    brief(await stage.replies(again)).map((each) => (Array.isArray(each) ? each[0] : each)),
    [1, "internal", 2],
  );
  assert.deepEqual(await bodiesOf(store, chatId), ["a", "b"]);
});

test("[L8] [L4] a refused row that comes last leaves nothing of itself in memory either", async () => {
  const refs = stage.feed(shard, say(chatId, "a"), say(chatId, "p", "\0"));
  refs.push(...stage.feed(shard, say(chatId, "b")));
  await stage.replies(refs);
  refs.push(...stage.feed(shard, say(chatId, "q", "\0")));
  await stage.replies(refs);
  refs.push(...stage.feed(shard, say(chatId, "c")));
  const expected = [[1, false], "internal", [2, false], "internal", [3, false]];
  assert.deepEqual(brief(await stage.replies(refs)), expected);
  assert.deepEqual(await bodiesOf(store, chatId), ["a", "b", "c"]);
});

test("[L8] a parked command moves the offset with its message, and is not met again", async () => {
  const [ref] = stage.feed(shard, say(chatId, "p", bodies.poison));
  assert.ok(ref !== undefined);
  assert.deepEqual(brief(await stage.replies([ref])), ["internal"]);
  assert.equal(await appliedSeqOf(store, shard), shard.appliedSeq);
  await stage.replies(stage.feed(shard, say(chatId, "a")));
  assert.equal((await letters()).length, 1);
});

test("[L8] many poisons of both kinds, in several shards at once, are all parked and only they", async () => {
  const first = stage.feed(
    shard,
    ...Array.from({ length: 12 }, (_, index) =>
      say(chatId, `s${index}`, index % 4 === 1 ? bodies.poison : index % 4 === 2 ? "\0" : `s${index}`),
    ),
  );
  const second = stage.feed(
    other,
    ...Array.from({ length: 6 }, (_, index) =>
      say(chatId + 1_000, `o${index}`, index === 5 ? "\0" : `o${index}`),
    ),
  );
  const answers = brief(await stage.replies([...first, ...second]));
  assert.equal(answers.filter((answer) => answer === "internal").length, 7);
  assert.equal((await letters()).length, 7);
  assert.deepEqual(await bodiesOf(store, chatId), ["s0", "s3", "s4", "s7", "s8", "s11"]);
  assert.deepEqual(await bodiesOf(store, chatId + 1_000), ["o0", "o1", "o2", "o3", "o4"]);
});

test("[L8] [L4] a poison met while a commit is in flight changes nothing of that commit, nor the order", async () => {
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, say(chatId, "a"));
    },
    async () => {
      refs.push(...stage.feed(shard, say(chatId, "p", bodies.poison), say(chatId, "b")));
      refs.push(...stage.feed(shard, say(chatId, "c")));
      await until(() => shard.inbox.length <= 1, { withinMs });
    },
  );
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false], "internal", [2, false], [3, false]]);
  assert.deepEqual(await bodiesOf(store, chatId), ["a", "b", "c"]);
});

test("[L8] a row refused by the commit in flight takes with it what was decided on top of it, and nothing is lost", async () => {
  let refs: number[] = [];
  await stage.whileLocked(
    shard,
    () => {
      refs = stage.feed(shard, say(chatId, "a"), say(chatId, "p", "\0"));
    },
    async () => {
      refs.push(...stage.feed(shard, say(chatId, "b")), ...stage.feed(other, say(chatId + 1_000, "c")));
      await until(() => shard.inbox.length === 0, { withinMs });
    },
  );
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false], "internal", [2, false], [1, false]]);
  assert.deepEqual(await bodiesOf(store, chatId), ["a", "b"]);
});

test("[L8] a relayed command that is parked is not relayed for ever", async () => {
  await store.query(
    "insert into relay (id, source_shard, target_kind, target_id, command, created_ms) values ('r', 1, 'chat', 5, '{}', 0)",
  );
  const { ref: _, ...poison } = { ...say(chatId, "r", bodies.poison), relayId: "r", senderId: 0, ref: 0 };
  stage.feed(shard, poison);
  await until(async () => (await letters()).length === 1, { withinMs });
  assert.deepEqual((await store.query("select id from relay")).rows, []);
});

test("[L3] the repeat of a parked command is tried anew", async () => {
  const first = await stage.replies(stage.feed(shard, say(chatId, "u", bodies.poison)));
  assert.deepEqual(brief(first), ["internal"]);
  assert.deepEqual(brief(await stage.replies(stage.feed(shard, say(chatId, "u", "healed")))), [[1, false]]);
});

test("[L8] a shard whose owners died is gone through one by one, the command at hand noted before it is tried", async () => {
  await store.query("update shard set deaths = 2 where kind = 'log' and id = 2");
  const dying = await stage.claim(2);
  assert.equal(dying.deaths, 2);
  const noted: (Suspect | null)[] = [];
  const refs = stage.feed(dying, say(chatId, "a"), say(chatId, "b"), say(chatId, "c"));
  let row = (await listShards(store, "log"))[2];
  await until(
    async () => {
      row = (await listShards(store, "log"))[2];
      noted.push(row?.suspect ?? null);
      return row?.appliedSeq === dying.appliedSeq && dying.appliedSeq > 0;
    },
    { withinMs },
  );
  assert.deepEqual(brief(await stage.replies(refs)), [
    [1, false],
    [2, false],
    [3, false],
  ]);
  assert.deepEqual([row?.deaths, row?.suspect], [0, null], "a commit ends the suspicion");
  assert.deepEqual([dying.deaths, dying.suspect], [0, null]);
});

test("[L8] a name that cannot be noted does not hold up a shard whose owners died", async () => {
  await store.query("update shard set deaths = 2 where kind = 'log' and id = 2");
  const dying = await stage.claim(2);
  const refs = stage.feed(dying, say(chatId, "a"), say(chatId, "p\0", "body"), say(chatId, "b"));
  assert.deepEqual(brief(await stage.replies(refs)), [[1, false], "internal", [2, false]]);
});

test("[L8] a command that ended three owners is parked by the fourth, untried; one that ended two is tried", async () => {
  const claimed = await stage.claim(3);
  const suspect = { seq: 0, actor: `chat:${chatId}`, senderId: 1, tries: 0 };
  for (const [uuid, tries, answer] of [
    ["two", 2, [1, false]],
    ["three", 3, "internal"],
  ] as const) {
    // What the last of them had noted; the message has the next seq of the stage.
    const probe = stage.feed(other);
    assert.deepEqual(probe, []);
    const seq = (other.inbox.at(-1)?.envelope.seq ?? other.decidedSeq) + 1;
    const note = { ...suspect, uuid, tries, seq };
    await markSuspect(store, claimed, note);
    claimed.suspect = note;
    const refs = stage.feed(claimed, say(chatId, uuid), say(chatId, `${uuid}-neighbour`));
    const [first] = brief(await stage.replies(refs));
    assert.deepEqual(first, answer);
  }
  assert.deepEqual(await bodiesOf(store, chatId), ["two", "two-neighbour", "three-neighbour"]);
  const [letter] = await letters();
  assert.match(letter?.reason ?? "", /died 3 times/);
});
