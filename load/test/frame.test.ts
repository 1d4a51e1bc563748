import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeFrame, FrameReader, opcodes } from "../src/socket/frame.ts";

/** As a server sends it: unmasked. */
function serverFrame(opcode: number, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const head =
    bytes.length < 126
      ? Buffer.from([0x80 | opcode, bytes.length])
      : bytes.length < 65_536
        ? Buffer.from([0x80 | opcode, 126, bytes.length >> 8, bytes.length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), uint32(bytes.length)]);
  return Buffer.concat([head, bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function readAll(chunks: readonly Buffer[]): [number, string][] {
  const frames: [number, string][] = [];
  const reader = new FrameReader();
  for (const chunk of chunks) {
    // The buffer is lent: what is left in it afterwards must not matter.
    const lent = Buffer.from(chunk);
    reader.push(lent, (opcode, payload) => frames.push([opcode, payload.toString()]));
    lent.fill(0xff);
  }
  return frames;
}

const sent: readonly [number, string][] = [
  [opcodes.text, "a"],
  [opcodes.ping, ""],
  [opcodes.text, "b".repeat(125)],
  [opcodes.text, "c".repeat(126)],
  [opcodes.text, "ü".repeat(40_000)],
  [opcodes.text, "d"],
];
const stream = Buffer.concat(sent.map(([opcode, payload]) => serverFrame(opcode, payload)));

describe("WebSocket frames", () => {
  it("come out the same from one chunk and from any other cut", () => {
    assert.deepEqual(readAll([stream]), sent);
    for (const size of [1, 2, 3, 7, 127, 1_000, 65_536]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      assert.deepEqual(readAll(chunks), sent, `cut in ${size}`);
    }
  });

  it("nothing comes of a frame that is not whole", () => {
    assert.deepEqual(readAll([stream.subarray(0, 2)]), []);
    assert.deepEqual(readAll([serverFrame(opcodes.text, "whole"), stream.subarray(0, 1)]), [
      [opcodes.text, "whole"],
    ]);
  });

  it("in parts, masked or too large are refused", () => {
    const read = (...bytes: number[]): unknown => readAll([Buffer.from(bytes)]);
    assert.throws(() => read(0x01, 0), /in parts/);
    assert.throws(() => read(0x81, 0x80), /masked/);
    assert.throws(() => read(0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0), /bytes/);
  });

  it("of a client are masked, with a length in the shortest form", () => {
    assert.deepEqual([...encodeFrame(opcodes.text, "hi").subarray(0, 6)], [0x81, 0x82, 0, 0, 0, 0]);
    assert.equal(encodeFrame(opcodes.text, "x".repeat(125)).length, 131);
    assert.deepEqual([...encodeFrame(opcodes.text, "x".repeat(126)).subarray(1, 4)], [0xfe, 0, 126]);
    const large = encodeFrame(opcodes.binary, Buffer.alloc(70_000, 7));
    assert.equal(large.readBigUInt64BE(2), 70_000n);
    assert.equal(large.length, 70_014);
    assert.equal(large.at(-1), 7);
  });
});
