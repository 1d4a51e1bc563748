import assert from "node:assert/strict";
import { test } from "node:test";
import { clientFrames } from "../src/frame.ts";
import { encodeJsonFrame, Fault, limits, openProtoCodec, parseJsonFrame } from "../src/mod.ts";
import { goodCases } from "./client-case.ts";
import { encodePlain, rawFrame } from "./plain-proto.ts";
import { openRandom, seeds } from "./random.ts";
import { serverSamples } from "./server-frame.ts";

const codec = openProtoCodec();
const types = new Set(Object.keys(clientFrames));
/** Of cuts and changes of long frames, so many are tried. */
const triesMax = 400;

/** A frame a client may send, or a fault; nothing else may come out. */
function survive(parse: () => { readonly type: string }, what: string): void {
  try {
    const frame = parse();
    assert.ok(types.has(frame.type), `${what}: ${frame.type}`);
  } catch (error) {
    if (!(error instanceof Fault)) throw new Error(`${what}: threw something else`, { cause: error });
    assert.ok(error.code === "invalid" || error.code === "too_large", `${what}: ${error.code}`);
    assert.ok(error.message.length < 1_000, `${what}: the message is as long as what it is about`);
  }
}

const protoFrames = [
  ...goodCases.map(({ frame }) => encodePlain(frame)),
  ...serverSamples.map((frame) => codec.encode(frame)),
];
const jsonFrames = [
  ...goodCases.map(({ frame }) => JSON.stringify(frame)),
  ...serverSamples.map((frame) => encodeJsonFrame(frame)),
];

test("a frame cut anywhere is a frame or a fault, in both formats", () => {
  for (const bytes of protoFrames) {
    const step = Math.max(1, Math.floor(bytes.length / triesMax));
    for (let length = 0; length < bytes.length; length += step) {
      survive(() => codec.parse(bytes.subarray(0, length)), `protobuf cut at ${length}`);
    }
  }
  for (const text of jsonFrames) {
    const step = Math.max(1, Math.floor(text.length / triesMax));
    for (let length = 0; length < text.length; length += step) {
      assert.throws(() => parseJsonFrame(text.slice(0, length)), { name: "Fault", code: "invalid" });
    }
  }
});

test("a frame that comes a byte at a time is whole with its last byte and not before", () => {
  const bytes = encodePlain({ type: "SendMessage", uuid: "u", chatId: 300, body: "hello" });
  for (let length = 0; length < bytes.length; length += 1) {
    assert.throws(() => codec.parse(bytes.subarray(0, length)), { name: "Fault", code: "invalid" });
  }
  assert.equal(codec.parse(bytes).type, "SendMessage");
});

for (const seed of seeds) {
  test(`random and changed bytes never do more than make a fault (seed ${seed})`, () => {
    const random = openRandom(seed);
    for (let round = 0; round < 2_000; round += 1) {
      const noise = random.bytes(random.below(80));
      survive(() => codec.parse(noise), `seed ${seed}, noise ${Buffer.from(noise).toString("hex")}`);
      survive(() => parseJsonFrame(Buffer.from(noise).toString("latin1")), `seed ${seed}, round ${round}`);

      const bytes = Uint8Array.from(protoFrames[random.below(protoFrames.length)] ?? []);
      for (let flips = random.below(4); flips >= 0; flips -= 1) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      survive(() => codec.parse(bytes), `seed ${seed}, changed ${Buffer.from(bytes).toString("hex")}`);

      const text = jsonFrames[random.below(jsonFrames.length)] ?? "";
      const at = random.below(text.length);
      const odd = '{}[]",:0-e.\\\u0000\ud800'.charAt(random.below(14));
      survive(
        () => parseJsonFrame(text.slice(0, at) + odd + text.slice(at + 1)),
        `seed ${seed}, round ${round}`,
      );
    }
  });
}

test("frames of 64 KiB, nested or repeated as far as they go, are a frame or a fault", () => {
  const max = limits.frameBytesMax;
  const hostile: Record<string, string> = {
    lists: "[".repeat(max),
    objects: '{"a":'.repeat(Math.floor(max / 6)) + "1" + "}".repeat(Math.floor(max / 6)),
    "nested entities": `{"type":"SendMessage","uuid":"u","chatId":1,"body":"b","entities":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
    "a long number": `{"type":"Ping","t":${"9".repeat(max - 20)}}`,
    "a long type": JSON.stringify({ type: "x".repeat(max - 20) }),
    "a long uuid": JSON.stringify({ type: "SendMessage", uuid: "u".repeat(max - 60), chatId: 1, body: "b" }),
    "many keys": `{"type":"Sync","chats":{${Array.from({ length: 4_000 }, (_, id) => `"${id + 1}":{"seq":1}`).join()}}}`,
    "an unwelcome prototype": '{"type":"Sync","chats":{"__proto__":{"seq":1},"constructor":{"seq":1}}}',
  };
  for (const [what, text] of Object.entries(hostile)) survive(() => parseJsonFrame(text), what);

  // A SyncResult may hold frames, and so itself, as deep as bytes last.
  let nested = codec.encode({ type: "Pong" });
  while (nested.length < max) {
    const inner = nested;
    nested = rawFrame(47, (writer) => writer.uint32(26).bytes(inner));
  }
  survive(() => codec.parse(nested), "nested frames");
  // Groups, the old way to nest, one byte a level.
  survive(() => codec.parse(new Uint8Array(max).fill(0x0b)), "groups");
  survive(() => codec.parse(new Uint8Array(max).fill(0xff)), "a number without end");
  const liar = Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00);
  survive(() => codec.parse(liar), "a length of 4 GiB");
  const manyKeys = rawFrame(11, (writer) => {
    for (let id = 1; id < 8_000; id += 1) writer.uint32(10).fork().uint32(8).int64(id).ldelim();
  });
  survive(() => codec.parse(manyKeys), "many keys");
});

test("the largest message a client may send, and a full Sync, fit into a frame of 64 KiB", () => {
  const message = {
    type: "SendMessage",
    uuid: "u".repeat(64),
    chatId: Number.MAX_SAFE_INTEGER,
    body: "\u0001".repeat(limits.bodyBytesMax / 6),
  } as const;
  const chats = Object.fromEntries(
    Array.from({ length: limits.syncChatsMax }, (_, index) => {
      const id = Number.MAX_SAFE_INTEGER - index;
      return [id, { seq: id, rev: id }];
    }),
  );
  const sync = { type: "Sync", chats, userRev: Number.MAX_SAFE_INTEGER } as const;
  for (const frame of [message, sync]) {
    assert.ok(JSON.stringify(frame).length <= limits.frameBytesMax, frame.type);
    assert.ok(encodePlain(frame).length <= limits.frameBytesMax, frame.type);
    assert.equal(parseJsonFrame(JSON.stringify(frame)).type, frame.type);
    assert.equal(codec.parse(encodePlain(frame)).type, frame.type);
  }
});
