/** The named limits: what just fits is taken, what is beyond is refused by a code, and nothing else suffers. */
import assert from "node:assert/strict";
import type { ClientFrame } from "@rookery/kit";
import { done, refused } from "../answer.ts";
import { createDirect, createGroup, readHistory, request } from "../rest.ts";
import type { Behaviours } from "./stage.ts";

/** More than a socket may have without an answer. */
const burst = 4_000;

const repeat = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

export const limit: Behaviours = {
  async "a body has up to 16 KiB of UTF-8"(stage) {
    const chat = await createDirect(stage.base, stage.cast.ann, await stage.newcomer("fay"));
    const socket = await stage.open(stage.cast.ann);
    const send = { type: "SendMessage", chatId: chat.id };
    for (const body of ["x".repeat(16_384), "ü".repeat(8_192)]) {
      const { seq } = await done(socket, { ...send, body });
      const live = await socket.frame("Message", (frame) => frame.chatId === chat.id && frame.seq === seq);
      assert.equal(live.body, body);
    }
    for (const body of ["x".repeat(16_385), "ü".repeat(8_193)]) {
      assert.equal(await refused(socket, { ...send, body }), "too_large");
    }
    const edit = { type: "EditMessage", chatId: chat.id, seq: 1 };
    assert.equal(await refused(socket, { ...edit, body: "x".repeat(16_385) }), "too_large");
  },

  async "lists and texts inside a message are bounded each"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "limits");
    const socket = await stage.open(ann);
    const send = { type: "SendMessage", chatId: chat.id, body: "x" };
    const entity = { type: "bold", offset: 0, length: 1 };
    const attachment = { fileId: "f", kind: "photo" };
    const poll = { question: "?", options: ["a", "b"] };
    const fits: readonly ClientFrame[] = [
      { ...send, entities: repeat(100, entity) },
      { ...send, attachments: repeat(10, attachment) },
      { ...send, poll: { ...poll, options: repeat(20, "x".repeat(256)) } },
      { ...send, uuid: "u".repeat(64) },
    ];
    const beyond: readonly ClientFrame[] = [
      { ...send, entities: repeat(101, entity) },
      { ...send, attachments: repeat(11, attachment) },
      { ...send, poll: { ...poll, options: repeat(21, "a") } },
      { ...send, poll: { ...poll, options: ["a"] } },
      { ...send, poll: { ...poll, options: ["a", "x".repeat(257)] } },
      { ...send, poll: { ...poll, question: "x".repeat(1_025) } },
      { ...send, location: { latitude: 91, longitude: 0 } },
    ];
    for (const frame of fits) await done(socket, frame);
    for (const frame of beyond) {
      assert.equal(await refused(socket, frame), "invalid", JSON.stringify(frame).slice(0, 120));
    }
  },

  async "a message has up to 20 different emoji, each of up to 32 bytes"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "emoji");
    const socket = await stage.open(ann);
    const { seq } = await socket.say(chat.id, "one");
    const react = (emoji: string) => ({ type: "React", chatId: chat.id, seq, emoji });
    const emojis = Array.from({ length: 21 }, (_, index) => String.fromCodePoint(0x1f600 + index));
    for (const emoji of emojis.slice(0, 20)) await done(socket, react(emoji));
    assert.equal(await refused(socket, react(emojis[20] as string)), "invalid");
    await done(await stage.open(bob), react(emojis[0] as string));
    for (const emoji of ["", "👍".repeat(9), "__proto__", "a b"]) {
      assert.equal(await refused(socket, react(emoji)), "invalid", emoji);
    }
  },

  async "titles and invitations are bounded"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "x".repeat(512));
    const status = async (method: string, path: string, body: object): Promise<number> =>
      (await request(stage.base, method, `/v1/chats/${chat.id}${path}`, { token: ann.token, body })).status;
    assert.equal(await status("PATCH", "", { title: "ü".repeat(257) }), 400);
    assert.equal(await status("PATCH", "", { title: "" }), 400);
    assert.equal(await status("POST", "/invite", { userIds: [] }), 400);
    assert.equal(await status("POST", "/invite", { userIds: repeat(201, bob.userId) }), 400);
    assert.equal(await status("POST", "/invite", { userIds: repeat(200, bob.userId) }), 200);
  },

  async "commands beyond 1,024 without an answer are overloaded: told so, and nothing of them happened"(
    stage,
  ) {
    const chat = await createDirect(stage.base, stage.cast.ann, await stage.newcomer("fay"));
    const socket = await stage.open(stage.cast.ann);
    for (let index = 0; index < burst; index++) {
      socket.send({ type: "SendMessage", uuid: `b${index}`, chatId: chat.id, body: "x" });
    }
    await socket.when("all answers", () =>
      socket.acks.size + socket.errors.size === burst ? true : undefined,
    );
    assert.ok(socket.errors.size > 0, "so many at once are too many");
    assert.ok(socket.acks.size >= 1_024, `${socket.acks.size} acks`);
    for (const { code, retryMs } of socket.errors.values()) {
      assert.equal(code, "overloaded");
      assert.ok((retryMs ?? 0) > 0);
    }
    const { items } = await readHistory(stage.base, stage.cast.ann, chat.id);
    assert.deepEqual(new Set(items.map(({ uuid }) => uuid)), new Set(socket.acks.keys()));
    const [again] = socket.errors.keys();
    if (again !== undefined) assert.equal((await socket.say(chat.id, again)).duplicate, false);
  },
};
