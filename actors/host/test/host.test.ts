/** Whole hosts. One file: hosts that share NATS are one cluster. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { commandLogName, encodeInternal, type Event, interestHash, subjects } from "@rookery/protocol";
import { listShards } from "@rookery/store";
import { toldUserId } from "./line.ts";
import { bodiesOf, brief } from "./stage.ts";
import { openTheatre, type Player, shardOfActor, shards } from "./theatre.ts";

const withinMs = 20_000;
const theatre = await openTheatre();
const { store, bus } = theatre;
const [one, two] = await Promise.all([theatre.start("worker-1"), theatre.start("worker-2")]);

const chatShard = (id: number): number => shardOfActor({ kind: "chat", id });
/** A chat of a shard that this worker holds. */
function chatOf(player: Player, from: number): number {
  const held = new Set(player.host.status().map(({ shard }) => shard));
  for (let id = from; ; id += 1) if (held.has(chatShard(id))) return id;
}

/** Events of one chat told since a mark. */
function eventsOf(chatId: number, since = 0): Event[] {
  return theatre.told
    .slice(since)
    .flatMap(({ events }) => events.filter((event) => "chatId" in event && event.chatId === chatId));
}

const heldBy = (player: Player): number => player.host.status().length;

test("two that start together share the shards, each held by one", async () => {
  await until(() => heldBy(one) === shards / 2 && heldBy(two) === shards / 2, { withinMs });
  const rows = await listShards(store, "log");
  const all = [...one.host.status(), ...two.host.status()].map(({ shard }) => shard);
  assert.deepEqual(new Set(all), new Set(rows.map(({ id }) => id)));
  assert.equal(all.length, shards);
});

test("[L5] who watches is answered where actors stand, and then told what comes, in order and once", async () => {
  const chatId = chatOf(one, 100);
  await theatre.replies(await theatre.ask(chatId, { uuid: "before" }));
  const reply = await theatre.watch(`chat:${chatId}`);
  assert.deepEqual(reply.heads, [[`chat:${chatId}`, 1, 0, 0]]);
  const since = theatre.told.length;
  for (let index = 0; index < 20; index += 1) await theatre.ask(chatId, { uuid: `m${index}` });
  await until(() => eventsOf(chatId, since).length >= 20, { withinMs });
  assert.deepEqual(
    eventsOf(chatId, since).map((event) => (event.kind === "message" ? event.seq : 0)),
    Array.from({ length: 20 }, (_, index) => index + 2),
  );
  const status = one.host.status().find(({ shard }) => shard === chatShard(chatId));
  assert.equal(status?.epoch, reply.epoch);
});

test("[L5] heads of what was lately active are repeated, with the hash of what the edge watches", async () => {
  const chatId = chatOf(one, 200);
  const key = `chat:${chatId}` as const;
  await theatre.watch(key);
  await theatre.replies(await theatre.ask(chatId, { uuid: "a" }, { uuid: "b" }));
  const since = theatre.told.length;
  const told = await until(
    () =>
      theatre.told
        .slice(since)
        .find(({ shard, heads }) => shard === chatShard(chatId) && heads.some(([actor]) => actor === key)),
    { withinMs, what: "repeated heads" },
  );
  assert.deepEqual(
    told?.heads.find(([actor]) => actor === key),
    [key, 2, 0, 0],
  );
  assert.equal(told?.interest, interestHash([key]));
});

test("an empty message moves its shard on, so that the log can be trimmed", async () => {
  const shard = chatShard(chatOf(two, 250));
  const empty = encodeInternal({ edge: null, commands: [] });
  const { seq } = await bus.append(subjects.commands(shard), empty, { msgId: "empty" });
  const applied = (): number | undefined =>
    two.host.status().find((each) => each.shard === shard)?.appliedSeq;
  await until(() => applied() === seq, { withinMs, what: "the shard at the empty message" });
  const row = (await listShards(store, "log")).find(({ id }) => id === shard);
  assert.deepEqual([row?.appliedSeq, row?.appliedMsgId], [seq, "empty"]);
});

test("what nobody watches goes to nobody but who asked", async () => {
  const chatId = chatOf(two, 300);
  await theatre.watch(`chat:${chatId}`);
  const quiet = (() => {
    for (let id = chatId + 1; ; id += 1) if (chatShard(id) === chatShard(chatId)) return id;
  })();
  const since = theatre.told.length;
  await theatre.replies(await theatre.ask(quiet, { uuid: "a" }));
  await theatre.replies(await theatre.ask(chatId, { uuid: "a" }));
  assert.equal(eventsOf(chatId, since).length, 1);
  assert.equal(eventsOf(quiet, since).length, 0);
});

test("[L8] bytes that are no commands are passed over, and the shard goes on", async () => {
  const chatId = chatOf(one, 400);
  const subject = subjects.commands(chatShard(chatId));
  for (const [index, text] of ["", "{", "null", "[]", '{"commands":[null,5,{}]}'].entries()) {
    await bus.append(subject, Buffer.from(text), { msgId: `garbage-${index}` });
  }
  assert.deepEqual(brief(await theatre.replies(await theatre.ask(chatId, { uuid: "a" }))), [[1, false]]);
});

test("a command to another actor is applied once, told to its watchers, and its row is gone", async () => {
  const user = { kind: "user", id: toldUserId } as const;
  await theatre.watch(`user:${toldUserId}`);
  const chatId = chatOf(one, 500);
  await theatre.replies(await theatre.ask(chatId, { uuid: "a", body: "tell" }, { uuid: "b", body: "tell" }));
  const feed = () => eventsOf(chatId).filter((event) => event.kind === "feed");
  await until(() => feed().length === 2, { withinMs });
  const none = async () => (await store.query("select id from relay")).rows.length === 0;
  await until(none, { withinMs });

  // One that was committed and never reached the log: sent again, by and by. And one that was applied before.
  const row = `insert into relay (id, source_shard, target_kind, target_id, command, created_ms)
    values ($1, 0, 'user', $2, $3, 0)`;
  await store.query(row, ["lost", user.id, { kind: "joined", chatId: 599, chatRev: 1 }]);
  await store.query(row, ["repeat", user.id, { kind: "joined", chatId, chatRev: 1 }]);
  await until(none, { withinMs });
  const { rows } = await store.query(
    "select chat_id, chat_rev from user_change where user_id = $1 order by rev",
    [user.id],
  );
  assert.deepEqual(rows, [
    { chat_id: chatId, chat_rev: 1 },
    { chat_id: chatId, chat_rev: 2 },
    { chat_id: 599, chat_rev: 1 },
  ]);
});

test("[L3] what a bot says by relay is said once, however often the relay comes", async () => {
  const chatId = chatOf(one, 900);
  const gone = async () => (await store.query("select id from relay")).rows.length === 0;
  for (let round = 0; round < 2; round += 1) {
    await store.query(
      `insert into relay (id, source_shard, target_kind, target_id, command, created_ms)
       values ('bot-9-1-0', $1, 'chat', $2, $3, 0)`,
      [chatShard(chatId), chatId, { kind: "send", messageKind: "text", body: "hi", botId: 9 }],
    );
    await until(gone, { withinMs });
  }
  const { rows } = await store.query("select sender_id, uuid from message where chat_id = $1", [chatId]);
  assert.deepEqual(rows, [{ sender_id: 9, uuid: "bot-9-1-0" }]);
});

test("[L2] [L3] one that is cut off is taken over, and what it began is ended exactly; back, it joins again", async () => {
  const chatId = chatOf(two, 600);
  const shard = chatShard(chatId);
  await theatre.replies(await theatre.ask(chatId, { uuid: "a" }, { uuid: "b" }));
  const before = two.host.status().find((each) => each.shard === shard);
  assert.ok(before !== undefined);
  const refs: number[] = [];
  two.gate.cut();
  for (let index = 0; index < 30; index += 1) {
    refs.push(...(await theatre.ask(chatId, { uuid: `c${index}` }, { uuid: "a" })));
  }
  const answers = brief(await theatre.replies(refs));
  assert.deepEqual(
    answers,
    refs.map((_, index) => (index % 2 === 0 ? [3 + index / 2, false] : [1, true])),
  );
  const after = one.host.status().find((each) => each.shard === shard);
  assert.ok((after?.epoch ?? 0) > before.epoch);
  assert.equal(heldBy(one), shards, "everything is served");

  two.gate.open();
  await until(() => heldBy(one) === shards / 2 && heldBy(two) === shards / 2, { withinMs });
  assert.equal((await bodiesOf(store, chatId)).length, 32);
  for (const ref of refs) assert.equal(theatre.answersTo(ref).length, 1);
  // Of each shard, nothing came under an older epoch after a newer one.
  const epochs = new Map<number, number>();
  for (const told of theatre.told) {
    if (told.replies.length + told.events.length === 0) continue;
    assert.ok(told.epoch >= (epochs.get(told.shard) ?? 0), `shard ${told.shard}`);
    epochs.set(told.shard, told.epoch);
  }
});

test("[L2] [L3] one that leaves gives back what it holds, and the other goes on where it stopped", async () => {
  const chatId = chatOf(one, 700);
  const refs = await theatre.ask(chatId, { uuid: "a" });
  let leaving: Promise<void> | undefined;
  for (let index = 0; index < 50; index += 1) {
    if (index === 10) leaving = one.close();
    refs.push(...(await theatre.ask(chatId, { uuid: `m${index}` })));
  }
  await leaving;
  await until(() => heldBy(two) === shards, { withinMs });
  refs.push(...(await theatre.ask(chatId, { uuid: "a" }, { uuid: "m49" }, { uuid: "end" })));
  const answers = brief(await theatre.replies(refs));
  assert.deepEqual(answers.slice(-3), [
    [1, true],
    [51, true],
    [52, false],
  ]);
  assert.deepEqual(await bodiesOf(store, chatId), [
    "a",
    ...Array.from({ length: 50 }, (_, index) => `m${index}`),
    "end",
  ]);
  for (const row of await listShards(store, "log")) assert.equal(row.owner, "worker-2");
});

test("[L3] when all have gone and one comes, it remembers what they committed", async () => {
  const chatId = 800;
  await theatre.replies(await theatre.ask(chatId, { uuid: "a" }));
  await two.close();
  for (const row of await listShards(store, "log")) assert.equal(row.owner, null);
  const waiting = await theatre.ask(chatId, { uuid: "a" }, { uuid: "b" });
  const third = await theatre.start("worker-3");
  assert.deepEqual(brief(await theatre.replies(waiting)), [
    [1, true],
    [2, false],
  ]);
  assert.equal(heldBy(third), shards);
  const reply = await theatre.watch(`chat:${chatId}`);
  assert.deepEqual(reply.heads, [[`chat:${chatId}`, 2, 0, 0]]);
  // Asleep: answered from the rows. Never there: nowhere.
  const { rows: asleep } = await store.query<{ id: number; head: number }>(
    "select chat_id as id, max(seq) as head from message group by chat_id",
  );
  const old = asleep.find(({ id, head }) => id !== chatId && head > 0);
  assert.ok(old !== undefined);
  assert.deepEqual((await theatre.watch(`chat:${old.id}`)).heads, [[`chat:${old.id}`, old.head, 0, 0]]);
  assert.deepEqual((await theatre.watch("chat:123456")).heads, [["chat:123456", 0, 0, 0]]);
});

test("[L1] [L3] one that is to stop while Postgres is away stops soon, tells nothing, and nothing is lost", async () => {
  const chatId = 900;
  let player = theatre.players().find(({ host }) => host.status().length === shards);
  assert.ok(player !== undefined);
  await theatre.replies(await theatre.ask(chatId, { uuid: "a" }));
  for (const [index, away] of (["cut", "muffle"] as const).entries()) {
    const db = await store.connect();
    await db.query("begin");
    await db.query("select from shard where kind = 'log' and id = $1 for update", [chatShard(chatId)]);
    const refs = await theatre.ask(chatId, { uuid: `b${index}` }, { uuid: `c${index}` });
    const locked = `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    const isCommitting = async () => (await db.query(locked)).rowCount === 1;
    await until(isCommitting, { withinMs });
    player.postgres[away]();
    const startMs = performance.now();
    const closed = player.close();
    // What was under way may well be committed now; only its answer is missing.
    await db.query("rollback");
    db.release();
    await closed;
    assert.ok(performance.now() - startMs < 11_000, `${away}: ${performance.now() - startMs} ms`);
    for (const ref of refs) assert.deepEqual(theatre.answersTo(ref), [], "nobody was told");
    player = await theatre.start(`worker-${4 + index}`);
    await theatre.ask(chatId, { uuid: `b${index}` });
    const again = await theatre.ask(chatId, { uuid: `c${index}` }, { uuid: `b${index}` });
    assert.deepEqual(brief(await theatre.replies(again)), [
      [3 + index * 2, true],
      [2 + index * 2, true],
    ]);
    assert.equal((await bodiesOf(store, chatId)).length, 3 + index * 2);
  }
});

test("[L6] what is given back while its log is begun anew is not begun again here", async () => {
  for (const player of theatre.players()) await player.close();
  const slow = Promise.withResolvers<void>();
  const first = await theatre.start("worker-10", () => slow.promise);
  const before = await listShards(store, "log");
  await bus.request(`$JS.API.STREAM.DELETE.${commandLogName}`, new Uint8Array(), { timeoutMs: 5_000 });
  await until(() => heldBy(first) === 0, { withinMs, what: "the loss of the log noticed" });
  await first.host.close();
  slow.resolve();
  const isNew = async () =>
    (await listShards(store, "log")).every(({ logId }, index) => logId !== before[index]?.logId);
  await until(isNew, { withinMs, what: "the new log" });
  assert.deepEqual(first.host.status(), []);
  await first.close();
  const next = await theatre.start("worker-11");
  assert.deepEqual(brief(await theatre.replies(await theatre.ask(1_000, { uuid: "a" }))), [[1, false]]);
  assert.equal(heldBy(next), shards);
});
