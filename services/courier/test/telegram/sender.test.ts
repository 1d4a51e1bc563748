/** Sends on real rows, to a Telegram that answers as told: what it saw is what counts. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { type Job, shardOf, type TelegramSend } from "@rookery/protocol";
import { inTransaction, readPollPlace } from "@rookery/store";
import { type SentMessage, type TelegramCall, TelegramError } from "@rookery/telegram";
import { startTelegramSender, type TelegramSender } from "../../src/telegram/sender.ts";
import { openCourierFixture, type OwnedShards } from "../courier-fixture.ts";

const withinMs = 30_000;
const fixture = await openCourierFixture("sender test");
const { store, secrets, shards, log } = fixture;
const running = new Set<TelegramSender>();
after(async () => {
  for (const sender of running) await sender.close();
  await fixture.close();
});

let bots = 0;
async function makeBot(onUnknown: "repeat" | "mark" = "repeat"): Promise<number> {
  const { id, count } = await fixture.makeBot();
  bots = count;
  await store.query("update bot set on_unknown = $2 where id = $1", [id, onUnknown]);
  return id;
}

/** What a chat's commit leaves: the row, and the job that tells of it. */
async function write(
  botId: number,
  chatId: number,
  place: number,
  more: Partial<TelegramSend> = {},
): Promise<Job> {
  const job: TelegramSend = {
    id: `${chatId}/${place}`,
    action: "send",
    botId,
    telegramChatId: chatId * 10,
    chatId,
    seq: place,
    messageId: null,
    place,
    prevPlace: place - 1,
    bulk: false,
    content: { kind: "text", body: `no. ${place}` },
    createdMs: Date.now(),
    ...more,
  };
  await store.query(
    `insert into telegram_send (id, action, bot_id, telegram_chat_id, chat_id, seq, message_id, place, prev_place, bulk,
       content, created_ms)
     select id, action, "botId", "telegramChatId", "chatId", seq, "messageId", place, "prevPlace", bulk, content, "createdMs"
     from json_to_record($1::json) as r(id text, action text, "botId" bigint, "telegramChatId" bigint, "chatId" bigint,
       seq bigint, "messageId" bigint, place bigint, "prevPlace" bigint, bulk boolean, content jsonb, "createdMs" bigint)`,
    [JSON.stringify(job)],
  );
  return { kind: "telegramSend", owner: { kind: "bot", id: botId }, job };
}

interface Courier extends OwnedShards {
  /** `<bot number> <chat> <text>`, in the order in which Telegram saw them. */
  readonly seen: string[];
  readonly told: string[];
  close(): Promise<void>;
}

/** Telegram's answer to a call: an id, or all it says, or what the client throws. */
type Answer = (call: TelegramCall, count: number) => number | SentMessage | Error | Promise<number>;

/** A courier that owns every job shard from now on. */
async function start(answer: Answer = (_, count) => count): Promise<Courier> {
  const owned = await fixture.own();
  const seen: string[] = [];
  const told: string[] = [];
  const sender = startTelegramSender({
    jobShards: owned.jobShards,
    store,
    relay: { send: (relays) => told.push(...relays.map(({ id }) => id)) },
    client: {
      async send(token, call) {
        seen.push(`${token.split(":")[0]} ${String(call.params["chat_id"])} ${String(call.params["text"])}`);
        const answered = await answer(call, seen.length);
        if (answered instanceof Error) throw answered;
        if (typeof answered !== "number") return answered;
        return { messageId: answered, ...(call.method === "sendPoll" ? { pollId: `p${answered}` } : {}) };
      },
      async ask(_token, call) {
        const { text = "" } = call.params;
        seen.push(`${call.method} ${String(call.params["message_id"])} ${String(text)}`.trimEnd());
        const answered = await answer(call, seen.length);
        if (answered instanceof Error) throw answered;
      },
    },
    secrets,
    shards,
    log,
  });
  running.add(sender);
  return {
    ...owned,
    seen,
    told,
    async close() {
      running.delete(sender);
      await sender.close();
    },
  };
}

async function statesOf(botId: number): Promise<string[]> {
  const { rows } = await store.query<{ state: string }>(
    "select id || ' ' || state as state from telegram_send where bot_id = $1 order by chat_id, place",
    [botId],
  );
  return rows.map(({ state }) => state);
}

const settled = (botId: number): Promise<void> =>
  until(async () => (await statesOf(botId)).every((each) => !/ (pending|sending)$/.test(each)), {
    withinMs,
    what: "settled sends",
  }).then(() => undefined);

/** Keeps a send from being begun: whoever begins it waits for `release`, which resolves when the row is free. */
async function hold(id: string): Promise<{ readonly release: () => Promise<void> }> {
  const [held, locked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = inTransaction(store, async (db) => {
    await db.query("select from telegram_send where id = $1 for update", [id]);
    locked.resolve();
    await held.promise;
  });
  await locked.promise;
  return {
    async release() {
      held.resolve();
      await holding;
    },
  };
}

const isBeingBegun = (): Promise<unknown> =>
  until(
    async () => {
      const waiting = "datname = current_database() and wait_event_type = 'Lock'";
      return (await store.query(`select from pg_stat_activity where ${waiting}`)).rows.length > 0;
    },
    { withinMs, what: "a send that is being begun" },
  );

test("what was written before it came and while nobody told of it is sent, in the order of each chat", async () => {
  const botId = await makeBot();
  await write(botId, 101, 1);
  await write(botId, 101, 2);
  const courier = await start();
  await until(() => courier.seen.length === 2, { withinMs, what: "what was there" });
  const job = await write(botId, 101, 4, { prevPlace: 2 });
  await write(botId, 102, 1);
  courier.wake(job);
  await until(() => courier.seen.length === 4, { withinMs, what: "what came" });
  const mine = courier.seen.filter((each) => each.includes(" 1010 "));
  assert.deepEqual(
    mine,
    [1, 2, 4].map((seq) => `${bots} 1010 no. ${seq}`),
  );
  await settled(botId);
  assert.deepEqual(await statesOf(botId), ["101/1 sent", "101/2 sent", "101/4 sent", "102/1 sent"]);
  await courier.close();
});

test("word of a send whose former is unknown makes it read first", async () => {
  const botId = await makeBot();
  const courier = await start();
  courier.wake(await write(botId, 103, 1));
  await until(() => courier.seen.length === 1, { withinMs, what: "the first" });
  await write(botId, 103, 2);
  courier.wake(await write(botId, 103, 3));
  await until(() => courier.seen.length === 3, { withinMs, what: "all" });
  assert.deepEqual(
    courier.seen,
    [1, 2, 3].map((seq) => `${bots} 1030 no. ${seq}`),
  );
  await settled(botId);
  await courier.close();
});

test("the result is in the row, and on its way to the chat in the same statement", async () => {
  const botId = await makeBot();
  const courier = await start((call) =>
    call.params["chat_id"] === 1_050
      ? new TelegramError("refused", "sendMessage: 403 Forbidden", { code: 403 })
      : 77,
  );
  courier.wake(await write(botId, 104, 1), await write(botId, 105, 1));
  await settled(botId);
  const { rows } = await store.query(
    "select id, target_kind, target_id, command from relay where target_id in (104, 105) order by target_id",
  );
  const error = "sendMessage: 403 Forbidden";
  assert.deepEqual(rows, [
    {
      id: "telegram:104/1/sent",
      target_kind: "chat",
      target_id: 104,
      command: { kind: "settle", seq: 1, telegram: { state: "sent", messageId: 77 } },
    },
    {
      id: "telegram:105/1/failed",
      target_kind: "chat",
      target_id: 105,
      command: { kind: "settle", seq: 1, telegram: { state: "failed", error } },
    },
  ]);
  await until(() => courier.told.length === 2, { withinMs, what: "word for the chats" });
  assert.deepEqual(courier.told.toSorted(), ["telegram:104/1/sent", "telegram:105/1/failed"]);
  await courier.close();
});

test("[L8] what Telegram says is written whatever it quotes, and holds up no other result", async () => {
  const botId = await makeBot();
  // Its words quote the button it does not like, and are cut: in half of a character, in one of these two.
  const quoting = (url: string) =>
    new TelegramError("refused", `sendMessage: 400 Bad Request: URL '${url}${"🎉".repeat(400)}' is invalid`);
  const answers: Readonly<Record<number, SentMessage | Error>> = {
    1_301: quoting("http://a"),
    1_302: quoting("http://ab"),
    1_303: new TelegramError("refused", "sendMessage: 400 Bad Request: \0"),
    1_304: { messageId: 5, pollId: "of \0" },
  };
  const courier = await start((call) => answers[Number(call.params["chat_id"]) / 10] ?? 77);
  for (const chatId of [1_301, 1_302, 1_303, 1_304, 1_305]) courier.wake(await write(botId, chatId, 1));
  await settled(botId);
  assert.deepEqual(await statesOf(botId), [
    "1301/1 failed",
    "1302/1 failed",
    "1303/1 failed",
    "1304/1 sent",
    "1305/1 sent",
  ]);
  const { rows } = await store.query<{ error: string }>(
    "select error from telegram_send where bot_id = $1 and error is not null",
    [botId],
  );
  for (const { error } of rows) assert.match(error, /^sendMessage: 400 Bad Request: /);
  assert.equal(courier.seen.length, 5, "each went out once");
  await until(() => courier.told.length === 5, { withinMs, what: "word for the chats" });
  await courier.close();
});

test("429 and a refused connection are repeated, in their place; nothing overtakes within the chat", async () => {
  const botId = await makeBot();
  const answers = [
    new TelegramError("outage", "429", { code: 429, retryMs: 300 }),
    new TelegramError("outage", "cannot be reached (ECONNREFUSED)"),
  ];
  const courier = await start((_, count) => answers.shift() ?? count);
  courier.wake(await write(botId, 106, 1));
  courier.wake(await write(botId, 106, 2));
  await settled(botId);
  assert.deepEqual(
    courier.seen,
    [1, 1, 1, 2].map((seq) => `${bots} 1060 no. ${seq}`),
  );
  await courier.close();
});

test("an unknown outcome is repeated, or marked and passed over, as the bot says", async () => {
  const unknown = new TelegramError("outage", "no answer", { isUnknown: true });
  for (const [onUnknown, chatId, states] of [
    ["repeat", 107, ["107/1 sent", "107/2 sent"]],
    ["mark", 108, ["108/1 unknown", "108/2 sent"]],
  ] as const) {
    const botId = await makeBot(onUnknown);
    const courier = await start((_, count) => (count === 1 ? unknown : count));
    courier.wake(await write(botId, chatId, 1), await write(botId, chatId, 2));
    await settled(botId);
    assert.deepEqual(await statesOf(botId), states);
    assert.equal(courier.seen.length, onUnknown === "repeat" ? 3 : 2);
    await courier.close();
  }
});

test("[L2] who was deposed sends nothing more and writes nothing; the next takes up what was under way", async () => {
  const botId = await makeBot();
  let release = (): void => {};
  const held = new Promise<number>((resolve) => {
    release = () => resolve(1);
  });
  const old = await start(() => held);
  old.wake(await write(botId, 109, 1));
  await until(() => old.seen.length === 1, { withinMs, what: "the call under way" });
  const next = await start((_, count) => 100 + count);
  await until(() => next.seen.length === 1, { withinMs, what: "the repeat" });
  await settled(botId);
  release();
  old.wake(await write(botId, 110, 1));
  await until(() => next.seen.length === 2, { withinMs, what: "the other chat" });
  await settled(botId);
  const { rows } = await store.query("select message_id from telegram_send where bot_id = $1 order by id", [
    botId,
  ]);
  assert.deepEqual(rows, [{ message_id: 101 }, { message_id: 102 }]);
  assert.equal(old.seen.length, 1);
  await Promise.all([old.close(), next.close()]);
});

const change = (seq: number, action: "edit" | "delete", messageId: number | null): Partial<TelegramSend> => ({
  action,
  seq,
  messageId,
  content: { kind: "text", body: `now ${seq}` },
});

test("changes go in the chat's order, under the id that their message got; 429 and cuts are repeated, in every bot", async () => {
  const botId = await makeBot("mark");
  const edits = [
    new TelegramError("outage", "429", { code: 429, retryMs: 50 }),
    new TelegramError("outage", "no answer", { isUnknown: true }),
  ];
  const courier = await start((call) =>
    call.method === "editMessageText" ? (edits.shift() ?? 0) : 500 + Number(call.params["text"] === "no. 3"),
  );
  courier.wake(
    await write(botId, 111, 1),
    await write(botId, 111, 2, { ...change(1, "edit", null), id: "111/change/2" }),
    await write(botId, 111, 3),
    await write(botId, 111, 4, { ...change(1, "delete", 500), id: "111/change/4" }),
  );
  await settled(botId);
  const again = "editMessageText 500 now 1";
  assert.deepEqual(courier.seen, [
    `${bots} 1110 no. 1`,
    again,
    again,
    again,
    `${bots} 1110 no. 3`,
    "deleteMessage 500",
  ]);
  assert.deepEqual(await statesOf(botId), [
    "111/1 sent",
    "111/change/2 sent",
    "111/3 sent",
    "111/change/4 sent",
  ]);
  // The chat is told of messages alone.
  await until(() => courier.told.length === 2, { withinMs, what: "word for the chat" });
  assert.deepEqual(courier.told, ["telegram:111/1/sent", "telegram:111/3/sent"]);
  await courier.close();
});

test("a change that is so already is done; one of a message that is not there has failed, and holds up nobody", async () => {
  const botId = await makeBot();
  const refusal = (words: string) => new TelegramError("refused", `400 Bad Request: ${words}`, { code: 400 });
  const courier = await start((call, count) => {
    if (call.method === "editMessageText") return refusal("message is not modified: the same");
    if (call.method === "deleteMessage") return refusal("message to delete not found");
    return call.params["text"] === "no. 3" ? refusal("chat not found") : count;
  });
  courier.wake(
    await write(botId, 112, 1, { ...change(9, "edit", 70), id: "112/change/1" }),
    await write(botId, 112, 2, { ...change(9, "delete", 70), id: "112/change/2" }),
    await write(botId, 112, 3),
    await write(botId, 112, 4, { ...change(3, "edit", null), id: "112/change/4" }),
    await write(botId, 112, 5),
  );
  await settled(botId);
  const { rows } = await store.query("select id, state from telegram_send where bot_id = $1 order by place", [
    botId,
  ]);
  assert.deepEqual(
    rows.map(({ id, state }) => `${id} ${state}`),
    ["112/change/1 sent", "112/change/2 sent", "112/3 failed", "112/change/4 failed", "112/5 sent"],
  );
  await courier.close();
});

test("a message of a group that has moved is changed under no other's id", async () => {
  const botId = await makeBot();
  const courier = await start((call, count) =>
    call.params["chat_id"] === 1_130
      ? new TelegramError("refused", "400", { code: 400, migratedTo: -2_000 })
      : count,
  );
  courier.wake(
    await write(botId, 113, 1, { ...change(9, "edit", 70), id: "113/change/1" }),
    await write(botId, 113, 2),
  );
  await settled(botId);
  assert.deepEqual(courier.seen, ["editMessageText 70 now 9", `${bots} -2000 no. 2`]);
  assert.deepEqual(await statesOf(botId), ["113/change/1 failed", "113/2 sent"]);
  await courier.close();
});

test("[L2] who gives a shard back waits also for what is about to leave, so that its next owner repeats nothing", async () => {
  const botId = await makeBot();
  await write(botId, 190, 1);
  const { release } = await hold("190/1");
  const courier = await start();
  await isBeingBegun();
  const drained = courier.jobShards.drain(shardOf("bot", botId, shards));
  await release();
  await drained;
  assert.deepEqual([await statesOf(botId), courier.seen.length], [["190/1 sent"], 1]);
  await courier.close();
});

test("[L2] what was begun while the shard was lost is left to its next owner", async () => {
  const botId = await makeBot();
  await write(botId, 191, 1);
  const shard = shardOf("bot", botId, shards);
  const { release } = await hold("191/1");
  const courier = await start();
  await isBeingBegun();
  courier.held.delete(shard);
  const drained = courier.jobShards.drain(shard);
  await release();
  await drained;
  assert.deepEqual([await statesOf(botId), courier.seen], [["191/1 sending"], []]);
  const next = await start();
  await until(() => next.seen.length === 1, { withinMs, what: "the next owner's" });
  await settled(botId);
  assert.deepEqual(courier.seen, []);
  await Promise.all([courier.close(), next.close()]);
});

test("a poll is known by the id that votes will name it by", async () => {
  const botId = await makeBot();
  const courier = await start(() => 600);
  const poll = { question: "Tea?", options: ["yes", "no"] };
  courier.wake(await write(botId, 192, 4, { prevPlace: 0, content: { kind: "poll", body: "", poll } }));
  await settled(botId);
  const place = { kind: "message", chatId: 192, seq: 4 };
  assert.deepEqual(await readPollPlace(store, botId, "p600"), place);
  assert.equal(await readPollPlace(store, botId, "p601"), null);
  // Its bytes have left, and its id is yet to come.
  await store.query("update telegram_send set state = 'sending', poll_id = null where bot_id = $1", [botId]);
  assert.deepEqual(await readPollPlace(store, botId, "p600"), { kind: "leaving" });
  await store.query("update telegram_send set state = 'sent' where bot_id = $1", [botId]);
  await courier.close();
});
