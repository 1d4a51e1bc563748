import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import protobuf from "protobufjs";
import { clientFrames } from "../src/frame.ts";
import { encodeJsonFrame, openProtoCodec } from "../src/mod.ts";
import { renderProto } from "../src/proto-text.ts";
import { decodePlain, frameType, root, tidy } from "./plain-proto.ts";
import { serverSamples } from "./server-frame.ts";

const codec = openProtoCodec();

test("frame.proto is what the tables say", () => {
  assert.equal(readFileSync(new URL("../frame.proto", import.meta.url), "utf8"), renderProto());
});

describe("a frame of the server, read by a stranger with frame.proto, is its JSON", () => {
  for (const [index, frame] of serverSamples.entries()) {
    test(`${frame.type} (${index})`, () => {
      assert.deepEqual(tidy(decodePlain(codec.encode(frame))), tidy(JSON.parse(encodeJsonFrame(frame))));
    });
  }
});

test("what may be absent and is zero is not absent", () => {
  assert.deepEqual(decodePlain(codec.encode({ type: "Pong", t: 0 })), { type: "Pong", t: 0 });
  assert.deepEqual(decodePlain(codec.encode({ type: "Pong" })), { type: "Pong" });
});

test("the samples hold every field of every message that a server sends", () => {
  const seen = new Set<string>();
  for (const frame of serverSamples) decodePlain(codec.encode(frame), (field) => seen.add(field));
  const ofClients = new Set([...Object.keys(clientFrames), "SyncPosition", "PollDraft"]);
  const missing: string[] = [];
  for (const type of messageTypes()) {
    if (ofClients.has(type.name) || type.name.endsWith("List")) continue;
    for (const { name, type: target } of type.fieldsArray) {
      const isClientFrame = type === frameType && ofClients.has(target);
      if (!isClientFrame && !seen.has(`${type.name}.${name}`)) missing.push(`${type.name}.${name}`);
    }
  }
  assert.deepEqual(missing, []);
});

test("numbers of fields and frames are taken once, and are those the first clients were built with", () => {
  for (const type of messageTypes()) {
    const numbers = type.fieldsArray.map(({ id }) => id);
    assert.equal(new Set(numbers).size, numbers.length, type.name);
  }
  // Append only: these are on the wire of strangers.
  const pinned = {
    sendMessage: 1,
    editMessage: 2,
    deleteMessage: 3,
    react: 4,
    pin: 5,
    sync: 11,
    vote: 13,
    auth: 14,
    ping: 15,
    hello: 32,
    ack: 33,
    error: 34,
    message: 35,
    messageEdited: 36,
    messageDeleted: 37,
    reaction: 38,
    pinned: 39,
    memberChanged: 40,
    receipt: 41,
    chatAdded: 44,
    chatRemoved: 45,
    chatUpdated: 46,
    syncResult: 47,
    draining: 50,
    pong: 51,
    authed: 52,
    voted: 53,
  };
  for (const [name, id] of Object.entries(pinned)) assert.equal(frameType.fields[name]?.id, id, name);
});

test("a frame nobody has described is a bug of ours and is thrown as one", () => {
  assert.throws(() => codec.encode({ type: "Nope" } as never), /no frame is called Nope/);
});

function messageTypes(): protobuf.Type[] {
  const space = root.lookup("rookery.v1");
  assert.ok(space instanceof protobuf.Namespace);
  return space.nestedArray.filter((each) => each instanceof protobuf.Type);
}
