import assert from "node:assert/strict";
import { test } from "node:test";
import { isTelegramToken, parseUpdate, readUpdate, updateTypes } from "../src/mod.ts";

const message = { message_id: 1, date: 1, chat: { id: 1, type: "private" }, text: "x" };

test("each of the 27 update types is known by name", () => {
  assert.equal(updateTypes.length, 27);
  for (const type of updateTypes) {
    const update = parseUpdate(JSON.stringify({ update_id: 3, [type]: message }));
    assert.equal(update?.type, type);
    assert.equal(update.updateId, 3);
    const isMessage = type === "message" || type === "channel_post";
    const isBots = /business|guest|inline|shipping|checkout|paid|^poll|managed|subscription/.test(type);
    assert.equal(update.kind, isMessage ? "message" : isBots ? "bot" : "chat", type);
  }
});

test("a type newer than we are is an update all the same", () => {
  const update = parseUpdate('{"update_id":4,"telepathy":{}}');
  assert.deepEqual(update, {
    kind: "bot",
    sender: null,
    poll: null,
    type: null,
    updateId: 4,
    raw: { update_id: 4, telepathy: {} },
  });
});

const chat = { id: -5, type: "group", title: "T" };
const from = { id: 7, is_bot: false, first_name: "Ivo" };
function told(type: string, value: object) {
  const update = parseUpdate(JSON.stringify({ update_id: 1, [type]: value }));
  assert.ok(update?.kind === "chat", type);
  return { chatId: update.chat.id, senderId: update.sender?.telegramId, change: update.change };
}

test("what is about a chat says which, whose doing it is, and what it changes there", () => {
  const message = { message_id: 9, date: 1, chat, from, text: "b", edit_date: 2 };
  const entities = [{ type: "bold", offset: 0, length: 1 }];
  assert.deepEqual(told("edited_message", { ...message, entities }), {
    chatId: -5,
    senderId: 7,
    change: { kind: "edit", messageId: 9, body: "b", entities, messageKind: "text" },
  });
  const photo = [{ file_id: "f2", width: 9, height: 9 }];
  const shown = { ...message, text: undefined, caption: "c", photo };
  assert.deepEqual(told("edited_message", shown).change, {
    kind: "edit",
    messageId: 9,
    body: "c",
    entities: [],
    messageKind: "photo",
    attachments: [{ fileId: "f2", kind: "photo" }],
  });
  const moving = { ...message, text: undefined, location: { latitude: 1, longitude: 2 } };
  assert.deepEqual(told("edited_message", moving).change, {
    kind: "edit",
    messageId: 9,
    body: "",
    entities: [],
    messageKind: "location",
    location: { latitude: 1, longitude: 2 },
  });
  const emoji = (each: string) => ({ type: "emoji", emoji: each });
  const given = [emoji("👍"), emoji("👍"), { type: "custom_emoji", custom_emoji_id: "55" }, { type: "paid" }];
  const reaction = { chat, user: from, message_id: 9, old_reaction: [], new_reaction: given };
  assert.deepEqual(told("message_reaction", reaction).change, {
    kind: "react",
    messageId: 9,
    emojis: ["👍", "#55", "⭐"],
  });
  const anonymous = { ...reaction, user: undefined, actor_chat: chat, new_reaction: [] };
  assert.deepEqual(told("message_reaction", anonymous).senderId, -5);
  const member = { chat, from, new_chat_member: { status: "kicked", user: { id: 9, first_name: "B" } } };
  assert.deepEqual(told("my_chat_member", member).change, { kind: "membership", status: "kicked" });
  assert.deepEqual(told("chat_member", member).change, null);
  assert.deepEqual(told("callback_query", { id: "1", from, message, data: "x" }), {
    chatId: -5,
    senderId: 7,
    change: null,
  });
});

test("a business account's chat is not the bot's own with the same person, and a query is of no chat", () => {
  for (const type of [
    "business_message",
    "edited_business_message",
    "guest_message",
    "poll_answer",
    "inline_query",
  ]) {
    const update = parseUpdate(JSON.stringify({ update_id: 1, [type]: { ...message, from } }));
    assert.deepEqual(
      [update?.kind, update?.kind === "bot" ? update.sender?.telegramId : null],
      ["bot", 7],
      type,
    );
  }
});

test("a vote says who chose what in which poll, and a poll when it ends", () => {
  const news = (type: string, value: object) => {
    const update = parseUpdate(JSON.stringify({ update_id: 1, [type]: value }));
    assert.ok(update?.kind === "bot");
    return [update.sender?.telegramId, update.poll];
  };
  const vote = { poll_id: "55", option_ids: [1] };
  assert.deepEqual(news("poll_answer", { ...vote, user: from }), [7, { pollId: "55", options: [1] }]);
  assert.deepEqual(news("poll_answer", { ...vote, voter_chat: chat, user: from })[0], -5);
  assert.deepEqual(news("poll_answer", { poll_id: 5 })[1], null);
  assert.deepEqual(news("poll", { id: "55", is_closed: true })[1], { pollId: "55", options: null });
  assert.deepEqual(news("poll", { id: "55", is_closed: false })[1], null);
  assert.deepEqual(news("inline_query", { id: "1", from })[1], null);
});

test("what was chosen from getUpdates is read as what was posted", () => {
  const value = { update_id: 1, message: { ...message, text: "a\u0000b" } };
  assert.deepEqual(readUpdate(value), parseUpdate(JSON.stringify(value)));
  assert.equal(readUpdate(7), null);
});

test("what is no update is null, and so is a message without what every message has", () => {
  for (const text of [
    "",
    "{",
    "null",
    "7",
    "[]",
    "{}",
    '{"update_id":-1}',
    '{"update_id":1.5}',
    '{"update_id":"1"}',
    '{"update_id":1,"message":{}}',
    '{"update_id":1,"message":null}',
    '{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":"x"}}}',
  ]) {
    assert.equal(parseUpdate(text), null, text);
  }
});

test("every beginning of an update is refused without throwing", () => {
  const text = JSON.stringify({ update_id: 1, message });
  for (let length = 0; length < text.length; length++) assert.equal(parseUpdate(text.slice(0, length)), null);
  assert.notEqual(parseUpdate(text), null);
});

test("the raw update is kept whole, fit for a jsonb column", () => {
  const text = String.raw`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},
    "text":"a\u0000b\udc00","unknown":{"k\u0000":["\ud83e\udd85","\ud83e"]}}}`;
  const update = parseUpdate(text);
  assert.ok(update !== null);
  const raw = JSON.stringify(update.raw);
  assert.ok(!raw.includes(String.raw`\u0000`) && !/\\ud[89a-f]/i.test(raw));
  assert.match(raw, /"unknown":\{"k\uFFFD":\["🦅","\uFFFD"\]\}/);
});

test("a token is a bot's id, a colon and a secret, 80 characters at most", () => {
  assert.ok(isTelegramToken("123456:AAE-x_9"));
  for (const text of ["", "123456", ":abc", "0123:abc", "a:b", "1:a b", "1:a/../b", `1:${"a".repeat(79)}`]) {
    assert.ok(!isTelegramToken(text), text);
  }
});
