import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type AddressedCommand, Fault, type Reply } from "@rookery/protocol";
import { type Log, openLog } from "@rookery/runtime";
import { listChats, readMessages, readUser, type Store } from "@rookery/store";
import { registerBot } from "@rookery/gateway";
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

test("what is no update is dropped with 200 and counted", async () => {
  const before = writer?.seen.length;
  const noChat = { update_id: 5, message: { message_id: 1, date: 1, text: "x" } };
  for (const body of ["{", "", "[]", "null", { update_id: "x" }, noChat]) {
    assert.equal((await call(body)).status, 200);
  }
  assert.equal(writer?.seen.length, before);
  const counted = await edge.context.metrics.getSingleMetricAsString("rookery_telegram_updates_total");
  assert.match(counted, /result="dropped"/);
});

test("every update is kept: with its message, with its chat, else with its bot", async () => {
  const message = { ...textUpdate("x", -5).message, message_id: 7 };
  const cases: readonly [update: object, actor: "chat" | "bot", kind: string][] = [
    [{ update_id: 21, message }, "chat", "send"],
    [{ update_id: 22, edited_message: message }, "chat", "update"],
    [{ update_id: 23, callback_query: { id: "1", from: message.from, message } }, "chat", "update"],
    [{ update_id: 24, inline_query: { id: "1", from: message.from, query: "" } }, "bot", "update"],
    [{ update_id: 25, of_next_year: {} }, "bot", "update"],
  ];
  for (const [update, kind, commandKind] of cases) {
    assert.equal((await call(update)).status, 200);
    const last = writer?.seen.at(-1);
    assert.ok(last !== undefined);
    const { actor, uuid, source, command } = last;
    assert.deepEqual([actor.kind, command.kind, source], [kind, commandKind, "telegram"]);
    const kept =
      command.kind === "send" ? command.telegram?.update : "update" in command ? command.update : null;
    assert.deepEqual([kept?.raw, kept?.botId, kept?.routed], [update, bot.id, false]);
    assert.equal(uuid, `tg-${kept?.updateId}`);
  }
});

test("a group that becomes a supergroup is the same chat, whichever id speaks first", async () => {
  const service = (chatId: number, fields: object, updateId: number) => {
    const { text: _, ...rest } = textUpdate("", chatId).message;
    return { update_id: updateId, message: { ...rest, ...fields } };
  };
  await call(textUpdate("before", -70));
  const chatId = writer?.seen.at(-1)?.actor.id;
  assert.equal((await call(service(-10_070, { migrate_from_chat_id: -70 }, 31))).status, 200);
  const moved = writer?.seen.at(-1);
  assert.equal(moved?.actor.id, chatId);
  assert.equal(moved?.command.kind === "send" ? moved.command.telegram?.movedTo : 0, -10_070);
  await call(service(-70, { migrate_to_chat_id: -10_070 }, 32));
  await call(textUpdate("after", -10_070));
  assert.equal(writer?.seen.at(-1)?.actor.id, chatId);
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
