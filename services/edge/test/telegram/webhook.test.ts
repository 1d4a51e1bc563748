import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type AddressedCommand, Fault, type Reply } from "@rookery/protocol";
import { type Log, openLog } from "@rookery/runtime";
import { listChats, readMessages, readUser, type Store } from "@rookery/store";
import { registerBot } from "../../src/http/bot-registration.ts";
import type { CommandPort } from "../../src/http/context.ts";
import { serveTelegramWebhook } from "../../src/telegram/webhook.ts";
import { openEdgeFixture, rowWriter } from "../edge-fixture.ts";
import { openUwsServer } from "../uws-server.ts";

/** Rows, unless a test puts something else in the way. */
let instead: ((command: AddressedCommand) => Promise<Reply>) | null = null;
let writer: ReturnType<typeof rowWriter> | undefined;
function port(store: Store): CommandPort {
  const rows = rowWriter(store);
  writer = rows;
  return { submit: (command, options) => instead?.(command) ?? rows.submit(command, options) };
}

const lines: string[] = [];
const edge = await openEdgeFixture(port, { log: recordingLog() });
const server = await openUwsServer((app) => serveTelegramWebhook(app, edge.context));
const owner = await edge.person();
const { bot, webhookSecret } = await registerBot(edge.context, {
  ownerId: owner.id,
  username: "Rook_bot",
  displayName: "Rook",
  mode: "webhook",
  token: "123:abc",
  uuid: null,
  nowMs: 1,
});
after(async () => {
  server.close();
  await edge.close();
});

function call(body: unknown, change: { secret?: string; username?: string } = {}): Promise<Response> {
  return fetch(`${server.url}/v1/telegram/webhook/${change.username ?? "rook_bot"}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-telegram-bot-api-secret-token": change.secret ?? webhookSecret,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

let lastUpdateId = 1_000;
function textUpdate(text: string, chatId: number, updateId = ++lastUpdateId) {
  const from = {
    id: 77,
    is_bot: false,
    first_name: "Ivo",
    last_name: "A",
    username: "ivo",
    language_code: "de",
  };
  const chat = { id: chatId, type: "group", title: "The nest" };
  return { update_id: updateId, message: { message_id: updateId - 900, date: 1, from, chat, text } };
}

test("a message is in a chat of the bot's owner when Telegram hears 200", async () => {
  const response = await call(textUpdate("hello", -5));
  assert.equal(response.status, 200);
  const [chat] = await listChats(edge.store, owner.id, { after: 0, limit: 10 });
  assert.equal(chat?.type, "telegram");
  assert.equal(chat.title, "The nest");
  assert.equal(chat.role, "owner");
  assert.equal(chat.lastMessage?.body, "hello");
  assert.equal(chat.lastMessage.source, "telegram");
  assert.deepEqual(chat.lastMessage.telegram, { state: "received", messageId: lastUpdateId - 900 });
  const sender = await readUser(edge.store, chat.lastMessage.senderId);
  assert.equal(sender?.displayName, "Ivo A");
});

test("[L3] a repeated update_id changes nothing and is answered 200", async () => {
  const update = textUpdate("once", -6);
  for (let count = 0; count < 3; count++) assert.equal((await call(update)).status, 200);
  const chatId = writer?.seen.at(-1)?.actor.id ?? 0;
  assert.equal((await readMessages(edge.store, chatId, { after: 0, limit: 10 })).length, 1);
});

test("updates of one chat that come together make one chat, and each is in it once", async () => {
  const updates = Array.from({ length: 40 }, (_, index) => textUpdate(`${index}`, -7));
  await Promise.all(updates.map((update) => call(update)));
  const chatId = writer?.seen.at(-1)?.actor.id ?? 0;
  const seen = writer?.seen.filter((command) => command.actor.id === chatId) ?? [];
  assert.equal(seen.length, 40);
  const chats = new Set(writer?.seen.map((command) => command.actor.id));
  assert.equal(chats.size, 3);
});

test("a wrong secret, a missing one and an unknown bot are dropped with 200, and no secret is logged", async () => {
  const before = writer?.seen.length;
  lines.length = 0;
  assert.equal((await call(textUpdate("x", -5), { secret: "wrong-secret-of-somebody" })).status, 200);
  assert.equal((await call(textUpdate("x", -5), { secret: "" })).status, 200);
  assert.equal((await call(textUpdate("x", -5), { username: "nobody_bot" })).status, 200);
  assert.equal(writer?.seen.length, before);
  const text = lines.join("");
  assert.match(text, /wrong secret/);
  assert.match(text, /unknown bot/);
  assert.ok(!text.includes("wrong-secret-of-somebody") && !text.includes(webhookSecret));
});

test("what is no update is dropped with 200, an update without a message is counted", async () => {
  const before = writer?.seen.length;
  const noChat = { update_id: 5, message: { message_id: 1, date: 1, text: "x" } };
  for (const body of ["{", "", "[]", "null", { update_id: "x" }, noChat]) {
    assert.equal((await call(body)).status, 200);
  }
  assert.equal((await call({ update_id: 9, callback_query: { id: "1" } })).status, 200);
  assert.equal((await call({ update_id: 10, of_next_year: {} })).status, 200);
  assert.equal(writer?.seen.length, before);
  const counted = await edge.context.metrics.getSingleMetricAsString("rookery_telegram_updates_total");
  assert.match(counted, /type="callback_query",result="ignored"[^\n]* 1\n/);
});

test("[L1] what is not stored is 503, so that Telegram comes again", async () => {
  instead = () => Promise.reject(new Fault("unavailable"));
  const late = await call(textUpdate("x", -5));
  assert.equal(late.status, 503);
  assert.equal(late.headers.get("retry-after"), "1");
  instead = async () => ({ kind: "refused", fault: { code: "overloaded", message: "full" } });
  assert.equal((await call(textUpdate("x", -5))).status, 503);
  instead = () => Promise.reject(new Error("a bug"));
  assert.equal((await call(textUpdate("x", -5))).status, 503);
  instead = async () => ({ kind: "refused", fault: { code: "invalid", message: "for ever" } });
  assert.equal((await call(textUpdate("x", -5))).status, 200);
  instead = null;
});

test("200 waits for the reply, and never comes before it", async () => {
  const entered = Promise.withResolvers<void>();
  const door = Promise.withResolvers<void>();
  let isAnswered = false;
  instead = async () => {
    entered.resolve();
    await door.promise;
    return { kind: "done", outcome: { kind: "sent", seq: 1, rev: 0, ts: 1 }, duplicate: false };
  };
  const response = call(textUpdate("x", -5)).then((answer) => {
    isAnswered = true;
    return answer;
  });
  await entered.promise;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isAnswered, false);
  door.resolve();
  assert.equal((await response).status, 200);
  instead = null;
});

test("texts with U+0000 and lone surrogates are stored, cleaned", async () => {
  const body = JSON.stringify(textUpdate("bad", -8)).replace('"bad"', String.raw`"a\u0000b\ud800c"`);
  assert.equal((await call(body)).status, 200);
  const chatId = writer?.seen.at(-1)?.actor.id ?? 0;
  const [message] = await readMessages(edge.store, chatId, { after: 0, limit: 1 });
  assert.equal(message?.body, "a\uFFFDb\uFFFDc");
});

test("a deleted bot's door is shut", async () => {
  const gone = await registerBot(edge.context, {
    ownerId: owner.id,
    username: "gone_bot",
    displayName: "Gone",
    mode: "webhook",
    token: "124:abc",
    uuid: null,
    nowMs: 1,
  });
  const response = await edge.app.request(`/v1/bots/${gone.bot.id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${owner.token}` },
  });
  assert.equal(response.status, 204);
  const before = writer?.seen.length;
  const secret = gone.webhookSecret;
  assert.equal((await call(textUpdate("x", -5), { username: "gone_bot", secret })).status, 200);
  assert.equal(writer?.seen.length, before);
  assert.ok(bot.id !== gone.bot.id);
});

/** Keeps what is logged, as text. */
function recordingLog(): Log {
  return Object.assign(openLog("test", { LOG_LEVEL: "silent" }), {
    info: record,
    warn: record,
    error: record,
  });
}

function record(...parts: unknown[]): void {
  lines.push(
    JSON.stringify(parts, (_key, value: unknown) => (value instanceof Error ? String(value) : value)),
  );
}
