import assert from "node:assert/strict";
import { test } from "node:test";
import { toMessage } from "@rookery/store";
import { peekFrame } from "../src/peek.ts";

const message = {
  type: "Message",
  chatId: 7,
  seq: 12,
  rev: 3,
  senderId: 5,
  uuid: "paced-31",
  kind: "text",
  body: 'with "uuid":"other" in it',
};

test("a message and an ack are read as their JSON would be", () => {
  const told = peekFrame(Buffer.from(JSON.stringify(message)));
  assert.deepEqual([told.type, told.chatId, told.seq, told.uuid], ["Message", 7, 12, "paced-31"]);
  const ack = { type: "Ack", uuid: "a-1", chatId: 7, seq: 12, rev: 3, ts: 1, duplicate: false };
  const acked = peekFrame(Buffer.from(JSON.stringify(ack)));
  assert.deepEqual(
    [acked.type, acked.chatId, acked.seq, acked.uuid, acked.duplicate],
    ["Ack", 7, 12, "a-1", false],
  );
});

test("a message as the cluster writes it is not parsed whole", () => {
  const { type, ...rest } = message;
  const row = { ...rest, detail: null, source: "ws", ts: 1, editedAt: null, deletedAt: null } as const;
  const told = peekFrame(Buffer.from(JSON.stringify({ type, ...toMessage(row) })));
  assert.deepEqual([told.chatId, told.seq, told.uuid, "body" in told], [7, 12, "paced-31", false]);
});

test("whatever looks otherwise is parsed whole", () => {
  const duplicate = { type: "Ack", uuid: "a-1", chatId: 7, seq: 12, rev: 3, ts: 1, duplicate: true };
  const strange = { ...message, type: "Message", uuid: undefined, chatId: "7" };
  for (const frame of [duplicate, strange, { type: "Error", uuid: "a", code: "overloaded" }]) {
    assert.deepEqual(peekFrame(Buffer.from(JSON.stringify(frame))), JSON.parse(JSON.stringify(frame)));
  }
  assert.throws(() => peekFrame(Buffer.from('{"type":"Message",')));
});
