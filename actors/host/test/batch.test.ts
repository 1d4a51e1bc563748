import assert from "node:assert/strict";
import { test } from "node:test";
import { type CommandBatch, encodeInternal } from "@rookery/protocol";
import { parseBatch } from "../src/batch.ts";

const command = {
  actor: { kind: "chat", id: 5 },
  senderId: 1,
  uuid: "u",
  source: "ws",
  command: { kind: "send", messageKind: "text", body: "hi" },
  ref: 3,
} as const;

test("a batch is read as it was made", () => {
  const batch: CommandBatch = { edge: "edge-0", commands: [command] };
  assert.deepEqual(parseBatch(encodeInternal(batch)), { batch, refused: 0 });
  const relayed = { edge: null, commands: [{ ...command, relayId: "r" }] };
  assert.deepEqual(parseBatch(encodeInternal(relayed)), { batch: relayed, refused: 0 });
});

test("[L8] what is no batch is passed over and counted, and never throws", () => {
  const nothing = { batch: { edge: null, commands: [] }, refused: 1 };
  for (const text of ["", "{", "null", "5", "[]", "{}", '{"commands":5}', '{"commands":{}}', "\xff\x00"]) {
    assert.deepEqual(parseBatch(Buffer.from(text, "latin1")), nothing, text);
  }
});

test("[L8] what is no command is passed over, and its neighbours in the batch are not", () => {
  const bad: unknown[] = [
    null,
    5,
    [],
    {},
    { ...command, actor: "chat:5" },
    { ...command, actor: { kind: "chat" } },
    { ...command, actor: { kind: "chat", id: 1.5 } },
    { ...command, actor: { kind: "chat", id: 2 ** 60 } },
    { ...command, actor: { id: 5 } },
    { ...command, senderId: "1" },
    { ...command, uuid: 5 },
    { ...command, command: "send" },
    { ...command, command: undefined },
  ];
  const parsed = parseBatch(encodeInternal({ edge: "e", commands: [command, ...bad, command] }));
  assert.deepEqual(parsed, { batch: { edge: "e", commands: [command, command] }, refused: bad.length });
});
