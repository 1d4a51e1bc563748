import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientFrames } from "../src/frame.ts";
import { type ClientFrame, Fault, MalformedFrame, openProtoCodec, parseJsonFrame } from "../src/mod.ts";
import { badCases, goodCases } from "./client-case.ts";
import { encodePlain, tidy } from "./plain-proto.ts";

const codec = openProtoCodec();
type Sent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Both ways a frame may arrive; `proto` stands for bytes that no encoder would make. */
const formats = {
  json: (frame: Sent): ClientFrame => parseJsonFrame(JSON.stringify(frame)),
  protobuf: (frame: Sent, proto?: Uint8Array): ClientFrame => codec.parse(proto ?? encodePlain(frame)),
};

for (const [format, parse] of Object.entries(formats)) {
  describe(`a client's frame in ${format}`, () => {
    for (const { says, frame } of goodCases) {
      test(`is read: ${says}`, () => {
        assert.deepEqual(tidy(parse(frame)), tidy(frame));
      });
    }

    test("keeps what is absent absent", () => {
      const parsed = parse({ type: "SendMessage", uuid: "u", chatId: 1, body: "b" });
      assert.equal("replyTo" in parsed, false);
      assert.equal("forward" in parsed, false);
      assert.equal("kind" in parsed, false);
      assert.deepEqual(parse({ type: "Ping" }), { type: "Ping" });
    });

    for (const { says, frame, proto, code, uuid } of badCases) {
      if (format === "protobuf" && proto === null) continue;
      test(`is refused as ${code}: ${says}`, () => {
        assert.throws(
          () => parse(frame, proto ?? undefined),
          (error) => {
            assert.ok(error instanceof Fault, String(error));
            assert.deepEqual({ code: error.code, uuid: error.uuid }, { code, uuid });
            return true;
          },
        );
      });
    }
  });
}

test("what is unknown in JSON is ignored, and never reaches the frame", () => {
  const text = '{"type":"Ping","t":1,"x":{"y":1},"__proto__":{"t":2},"constructor":1}';
  assert.deepEqual(parseJsonFrame(text), { type: "Ping", t: 1 });
});

test("what is unknown in protobuf is ignored", () => {
  const known = encodePlain({ type: "Ping", t: 1 });
  // Field 200, text, before and after the frame.
  const unknown = Uint8Array.of(0xc2, 0x0c, 0x01, 0x78);
  assert.deepEqual(codec.parse(Buffer.concat([unknown, known, unknown])), { type: "Ping", t: 1 });
});

test("a JSON frame must be an object", () => {
  for (const text of ["", "{", "null", "[]", "5", '"Ping"', "undefined", '{"type":5}', "{}", "{'a':1}"]) {
    assert.throws(() => parseJsonFrame(text), { name: "Fault", code: "invalid" }, text);
  }
});

test("null stands for absent in JSON", () => {
  assert.deepEqual(parseJsonFrame('{"type":"Ping","t":null}'), { type: "Ping" });
  assert.throws(() => parseJsonFrame('{"type":"SendMessage","uuid":"u","chatId":null,"body":"b"}'), {
    code: "invalid",
    uuid: "u",
  });
});

test("no case of a good frame is missing a type a client may send", () => {
  const missing = new Set(Object.keys(clientFrames));
  for (const { frame } of goodCases) missing.delete(frame.type);
  assert.deepEqual([...missing], []);
});

test("only what is no frame at all counts against its socket, in both formats", () => {
  const none = [
    () => parseJsonFrame("{"),
    () => parseJsonFrame("[]"),
    () => parseJsonFrame('{"type":"Nope"}'),
    () => parseJsonFrame('{"type":"Draining","reconnectMs":1}'),
    () => codec.parse(Uint8Array.of(0x0a)),
    () => codec.parse(Uint8Array.of()),
    () => codec.parse(encodePlain({ type: "Draining", reconnectMs: 1 })),
  ];
  for (const parse of none) assert.throws(parse, (error) => error instanceof MalformedFrame);
  const wrong = { type: "SendMessage", uuid: "u", chatId: 0, body: "b" };
  for (const parse of [() => parseJsonFrame(JSON.stringify(wrong)), () => codec.parse(encodePlain(wrong))]) {
    assert.throws(parse, (error) => error instanceof Fault && !(error instanceof MalformedFrame));
  }
});
