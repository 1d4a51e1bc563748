import assert from "node:assert/strict";
import { test } from "node:test";
import { isTelegramToken, parseUpdate, updateTypes } from "../src/mod.ts";

const message = { message_id: 1, date: 1, chat: { id: 1, type: "private" }, text: "x" };

test("each of the 27 update types is known by name", () => {
  assert.equal(updateTypes.length, 27);
  for (const type of updateTypes) {
    const update = parseUpdate(JSON.stringify({ update_id: 3, [type]: message }));
    assert.equal(update?.type, type);
    assert.equal(update.updateId, 3);
    const isMessage = type === "message" || type === "channel_post";
    assert.equal(update.kind, isMessage ? "message" : "other");
  }
});

test("a type newer than we are is an update all the same", () => {
  const update = parseUpdate('{"update_id":4,"telepathy":{}}');
  assert.deepEqual(update, {
    kind: "other",
    type: null,
    updateId: 4,
    raw: { update_id: 4, telepathy: {} },
  });
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
