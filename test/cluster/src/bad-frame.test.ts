/** A bad frame is refused with a stable code; the socket, the shard and everybody else live on. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { FrameOf } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createDirect, type Person, register } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

/** One shard: what harms it harms every chat of this cluster. */
const shards = 1;

describe("a bad frame", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let chatId: number;
  let othersChatId: number;
  let bystander: Socket;
  let bystanderChatId: number;
  let count = 0;

  before(async () => {
    cluster = await openCluster({ shards });
    const [carl, dora] = await Promise.all([register(cluster.base, "carl"), register(cluster.base, "dora")]);
    [ann, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
    chatId = (await createDirect(cluster.base, ann, bob)).id;
    othersChatId = (await createDirect(cluster.base, carl, dora)).id;
    bystanderChatId = othersChatId;
    bystander = await openSocket({ base: cluster.base, token: carl.token });
  });
  after(async () => {
    await bystander?.close();
    await cluster?.close();
  });

  /** The socket answers, its own chat takes messages, and so does a stranger's chat on the same shard. */
  async function livesOn(socket: Socket): Promise<void> {
    count++;
    await socket.ping();
    assert.equal((await socket.say(chatId, `alive-${count}`)).duplicate, false);
    assert.equal((await bystander.say(bystanderChatId, `bystander-${count}`)).duplicate, false);
  }

  /** Sends on a fresh socket, and returns the Error that comes back after the socket proved alive. */
  async function refused(format: "json" | "proto", act: (socket: Socket) => void): Promise<FrameOf<"Error">> {
    const socket = await openSocket({ base: cluster.base, token: ann.token, format });
    const after = socket.journal.length;
    act(socket);
    const error = await socket.frame("Error", () => true, { after });
    await livesOn(socket);
    const all = socket.journal.filter(({ type }) => type === "Error");
    assert.equal(all.length, 1, `one Error, not ${JSON.stringify(all)}`);
    await socket.close();
    assert.ok(error.message.length > 0);
    return error;
  }

  const send = (fields: object) => (socket: Socket) =>
    socket.send({ type: "SendMessage", uuid: "bad", chatId, body: "x", ...fields });

  describe("on a JSON socket", () => {
    for (const [name, raw] of [
      ["broken JSON", '{"type":"SendMessage"'],
      ["nothing", ""],
      ["JSON that is no object", '["SendMessage"]'],
      ["null", "null"],
      ["no type", '{"uuid":"x"}'],
      ["a type that is no text", '{"type":5}'],
      ["an unknown type", '{"type":"LaunchRocket","uuid":"x"}'],
      ["the name of what every object has", '{"type":"constructor"}'],
      ["a frame only servers send", '{"type":"Ack","uuid":"x","chatId":1,"seq":1}'],
    ] as const) {
      it(`${name} is invalid`, async () => {
        assert.equal((await refused("json", (socket) => socket.sendRaw(raw))).code, "invalid");
      });
    }

    it("a binary frame is invalid", async () => {
      const error = await refused("json", (socket) => socket.sendRaw(Buffer.from([1, 2, 3])));
      assert.equal(error.code, "invalid");
    });

    for (const [name, fields] of [
      ["chatId as text", { chatId: "5" }],
      ["chatId of null", { chatId: null }],
      ["chatId with a fraction", { chatId: 1.5 }],
      ["chatId below zero", { chatId: -1 }],
      ["chatId above 2^53", { chatId: 2 ** 53 }],
      ["body as a number", { body: 5 }],
      ["body as an object", { body: { text: "x" } }],
      ["no body", { body: undefined }],
      ["body with U+0000", { body: "a\0b" }],
      ["body with a lone surrogate", { body: "a\ud800b" }],
      ["entities that are no list", { entities: "bold" }],
      ["replyTo as text", { replyTo: "1" }],
    ] as const) {
      it(`${name} is invalid, told with the uuid`, async () => {
        const error = await refused("json", send(fields));
        assert.deepEqual([error.code, error.uuid], ["invalid", "bad"], error.message);
      });
    }

    for (const [name, uuid] of [
      ["empty", ""],
      ["of 65 letters", "u".repeat(65)],
      ["with a space", "a b"],
      ["that is a number", 5],
      ["that is missing", undefined],
    ] as const) {
      it(`a uuid ${name} is invalid`, async () => {
        assert.equal((await refused("json", send({ uuid }))).code, "invalid");
      });
    }

    it("Sync for more than 500 chats, or with text for a position, is invalid", async () => {
      const many = Object.fromEntries(
        Array.from({ length: 501 }, (_, index) => [index + 1, { seq: 0, rev: 0 }]),
      );
      for (const chats of [many, { [chatId]: { seq: "0", rev: 0 } }, { x: { seq: 0, rev: 0 } }, 5]) {
        const error = await refused("json", (socket) => socket.send({ type: "Sync", chats }));
        assert.equal(error.code, "invalid");
      }
    });
  });

  describe("on a protobuf socket", () => {
    for (const [name, raw] of [
      ["bytes that are no protobuf", [0xff, 0xff, 0xff, 0xff]],
      ["a length beyond the end", [0x0a, 0x7f, 0x01]],
      ["an empty frame", []],
      ["a frame of an unknown number", [0xfa, 0x3e, 0x02, 0x08, 0x01]],
      ["a varint where a message stands", [0x08, 0x05]],
      ["a varint where text stands", [0x0a, 0x02, 0x08, 0x05]],
      ["text that is no UTF-8", [0x0a, 0x09, 0x0a, 0x03, 0x62, 0x61, 0x64, 0x1a, 0x02, 0xc3, 0x28]],
    ] as const) {
      it(`${name} is invalid`, async () => {
        const error = await refused("proto", (socket) => socket.sendRaw(Buffer.from(raw)));
        assert.equal(error.code, "invalid");
      });
    }

    it("a text frame is invalid", async () => {
      assert.equal((await refused("proto", (socket) => socket.sendRaw('{"type":"Ping"}'))).code, "invalid");
    });
  });

  for (const format of ["json", "proto"] as const) {
    describe(`by ${format}`, () => {
      it("a body over 16 KiB of UTF-8 is too_large, one of exactly 16 KiB is not", async () => {
        for (const body of ["x".repeat(16_385), "ü".repeat(8_193)]) {
          const error = await refused(format, send({ body }));
          assert.deepEqual([error.code, error.uuid], ["too_large", "bad"]);
        }
        const socket = await openSocket({ base: cluster.base, token: ann.token, format });
        for (const body of ["x".repeat(16_384), "ü".repeat(8_192)]) {
          const ack = await socket.say(chatId, `full-${format}-${body[0] === "x" ? 1 : 2}`, body);
          const live = await socket.when("the live message", () =>
            socket.messages.get(chatId)?.find(({ seq }) => seq === ack.seq),
          );
          assert.equal(live.body, body);
        }
        await socket.close();
      });

      it("a frame over 64 KiB is too_large", async () => {
        for (const length of [65_537, 200_000]) {
          const error = await refused(format, send({ body: "x".repeat(length) }));
          assert.equal(error.code, "too_large");
        }
      });

      it("somebody else's chat and a chat that does not exist are not_found, alike", async () => {
        const other = await refused(format, send({ chatId: othersChatId }));
        const none = await refused(format, send({ chatId: 999_999_999 }));
        const far = await refused(format, send({ chatId: Number.MAX_SAFE_INTEGER }));
        for (const error of [other, none, far]) {
          assert.deepEqual([error.code, error.uuid], ["not_found", "bad"]);
          assert.equal(error.message, other.message, "nobody learns which of the two it is");
        }
      });

      it("a refusal is no outcome: the same uuid is good afterwards", async () => {
        const socket = await openSocket({ base: cluster.base, token: ann.token, format });
        const uuid = `decided-anew-${format}`;
        const answer = await socket.submit(chatId, uuid, "x".repeat(16_385));
        assert.equal(answer.type, "Error");
        assert.equal((await socket.say(chatId, uuid, "x")).duplicate, false);
        await socket.close();
      });

      it("more than ten unreadable frames in a minute end the socket with 4400, and only that one", async () => {
        const socket = await openSocket({ base: cluster.base, token: ann.token, format });
        const bad = (): void => socket.sendRaw(format === "json" ? "{" : Buffer.from([0xff]));
        for (let index = 0; index < 9; index++) {
          const after = socket.journal.length;
          bad();
          await socket.frame("Error", ({ code }) => code === "invalid", { after });
        }
        await socket.ping();
        bad();
        bad();
        assert.equal((await socket.closed).code, 4400);
        const again = await openSocket({ base: cluster.base, token: ann.token, format });
        await livesOn(again);
        await again.close();
      });

      it("one client's refusals between its good frames leave the good ones acked in order", async () => {
        const socket = await openSocket({ base: cluster.base, token: ann.token, format });
        for (let index = 0; index < 60; index++) {
          const uuid = `mixed-${format}-${index}`;
          const bad = index % 3;
          if (bad === 0) socket.send({ type: "SendMessage", uuid, chatId, body: "good" });
          if (bad === 1) socket.send({ type: "SendMessage", uuid, chatId: 999_999_999, body: "nowhere" });
          if (bad === 2) socket.send({ type: "SendMessage", uuid, chatId, body: "x".repeat(16_385) });
        }
        await socket.when("all answers", () => {
          const answers = socket.journal.filter(({ type }) => type === "Ack" || type === "Error");
          return answers.length === 60 ? true : undefined;
        });
        const seqs = [...socket.acks.values()].map(({ seq }) => seq);
        assert.equal(seqs.length, 20);
        const first = seqs[0] as number;
        assert.deepEqual(
          seqs,
          seqs.map((_, index) => first + index),
        );
        await socket.close();
      });
    });
  }
});
