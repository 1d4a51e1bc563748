import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@rookery/protocol";
import { parseUpdate, senderOf, type TelegramMessage, titleOf, translateMessage } from "../src/mod.ts";
import { corpus } from "./corpus.ts";

function read(message: object): TelegramMessage {
  const update = parseUpdate(JSON.stringify({ update_id: 1, message }));
  assert.equal(update?.kind, "message");
  return update.message;
}

for (const { name, message, expect } of corpus) {
  test(`translates ${name}`, () => {
    const translated = translateMessage(read(message));
    assert.deepEqual({ ...translated, ...expect }, translated);
  });
}

const chat = { id: 5, type: "private", first_name: "Ann", last_name: "B" };
const from = { id: 5, is_bot: false, first_name: "Ann", username: "ann", language_code: "en" };

test("[L9] the same message gives the same translation, and the message is left as it was", () => {
  const message = read({ message_id: 1, date: 1, chat, from, text: "x", photo: [] });
  const before = JSON.stringify(message);
  assert.deepEqual(translateMessage(message), translateMessage(message));
  assert.equal(JSON.stringify(message), before);
});

test("whatever Telegram sends, the translation is within the protocol's limits", () => {
  const long = "🦅".repeat(20_000);
  const entities = Array.from({ length: 300 }, (_, index) => ({
    type: "bold",
    offset: index,
    length: 1,
    url: long,
  }));
  const document = { file_id: "F", file_name: long, mime_type: long };
  const translated = translateMessage(read({ message_id: 1, date: 1, chat, text: long, entities, document }));
  assert.equal(Buffer.byteLength(translated.body), limits.bodyBytesMax);
  assert.ok(translated.body.isWellFormed());
  assert.equal(translated.entities.length, limits.entitiesMax);
  assert.equal(translated.entities[0]?.url, undefined);
  assert.equal(Buffer.byteLength(translated.attachments[0]?.name ?? ""), 512);
  const named = translateMessage(read({ message_id: 1, date: 1, chat, document: { file_id: long } }));
  assert.deepEqual(named.attachments, []);
  const title = titleOf({ id: 1, type: "group", title: `x${long}` });
  assert.equal(Buffer.byteLength(title ?? ""), limits.titleBytesMax - 3);
});

test("a chat is known by its title, a person by their name, else by a username, else by nothing", () => {
  assert.equal(titleOf(read({ message_id: 1, date: 1, chat }).chat), "Ann B");
  assert.equal(titleOf({ id: 1, type: "group", title: "T" }), "T");
  assert.equal(titleOf({ id: 1, type: "private", first_name: "", username: "u" }), "u");
  assert.equal(titleOf({ id: 1, type: "private" }), null);
});

test("a chat that speaks for itself goes before the stand-in it sends, and a post without sender is its channel's", () => {
  const channel = { id: -100_7, type: "channel", title: "News", username: "news" };
  const person = senderOf(read({ message_id: 1, date: 1, chat, from }));
  assert.deepEqual(person, {
    telegramId: 5,
    isBot: false,
    firstName: "Ann",
    lastName: null,
    username: "ann",
    language: "en",
  });
  const anonymous = senderOf(read({ message_id: 1, date: 1, chat, from, sender_chat: channel }));
  assert.equal(anonymous.telegramId, -100_7);
  assert.equal(anonymous.firstName, "News");
  assert.equal(senderOf(read({ message_id: 1, date: 1, chat: channel })).telegramId, -100_7);
});
