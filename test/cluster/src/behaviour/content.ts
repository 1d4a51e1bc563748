/** What a message may hold: it comes back as it was sent, live, by Sync and in history. */
import assert from "node:assert/strict";
import type { MessageBody } from "@rookery/kit";
import { done, refused } from "../answer.ts";
import { catchUp } from "../catch-up.ts";
import { createGroup, readHistory } from "../rest.ts";
import type { Behaviours, Stage } from "./stage.ts";

/** Sends one message in a new group, and returns it as each way of reading shows it. */
async function sent(stage: Stage, content: object): Promise<readonly MessageBody[]> {
  const { ann, bob } = stage.cast;
  const chat = await createGroup(stage.base, ann, [bob], "content");
  const [writer, reader] = [await stage.open(ann), await stage.open(bob)];
  const { seq } = await done(writer, { type: "SendMessage", chatId: chat.id, body: "", ...content });
  const live = await reader.frame("Message", (frame) => frame.chatId === chat.id && frame.seq === seq);
  const { type: _, ...message } = live;
  const away = await stage.open(bob, { resume: true });
  const { messages } = await catchUp(away, chat.id, { seq: seq - 1, rev: 0 });
  const { items } = await readHistory(stage.edge(1), bob, chat.id, seq - 1);
  return [message, messages[0] as MessageBody, items[0] as MessageBody];
}

async function comesBack(stage: Stage, content: Readonly<Record<string, unknown>>): Promise<void> {
  for (const message of await sent(stage, content)) {
    for (const [name, value] of Object.entries(content)) {
      assert.deepEqual(Reflect.get(message, name), value, name);
    }
  }
}

export const content: Behaviours = {
  async "text with entities comes back as it was sent"(stage) {
    const entities = [
      { type: "bold", offset: 0, length: 4 },
      { type: "text_link", offset: 5, length: 2, url: "https://example.org/ü" },
      { type: "pre", offset: 8, length: 3, language: "ts" },
    ];
    await comesBack(stage, { body: "grüß 👩‍👩‍👧 \u200d\n\tx", entities });
  },

  async "a reply names a message before it, and none after the end"(stage) {
    const { ann, bob } = stage.cast;
    await comesBack(stage, { body: "yes", replyTo: 1 });
    const chat = await createGroup(stage.base, ann, [bob], "replies");
    const socket = await stage.open(ann);
    const beyond = { type: "SendMessage", chatId: chat.id, body: "x", replyTo: 1_000 };
    assert.equal(await refused(socket, beyond), "invalid");
  },

  async "a forward says where it is from, attachments are told by reference"(stage) {
    const { ann, bob, carl } = stage.cast;
    const from = await createGroup(stage.base, ann, [carl], "source");
    const { seq } = await done(await stage.open(ann), { type: "SendMessage", chatId: from.id, body: "look" });
    const forward = { chatId: from.id, seq, senderId: ann.userId };
    const attachments = [
      { fileId: "f-1", kind: "photo", name: "rook.jpg", size: 12_345, mime: "image/jpeg" },
      { fileId: "f-2", kind: "document" },
    ];
    await comesBack(stage, { body: "see", forward, kind: "photo", attachments });
    // Who may not read it there cannot pass it on; whose it was is looked up, whatever is claimed; what is sent next keeps its place.
    const chat = await createGroup(stage.base, bob, [carl], "onward");
    const socket = await stage.open(bob);
    const onward = { type: "SendMessage", chatId: chat.id, body: "see" };
    assert.equal(await refused(socket, { ...onward, forward }), "not_found");
    const byCarl = await stage.open(carl);
    const claimed = { ...forward, senderId: carl.userId };
    const passing = { ...onward, uuid: "passed-on", forward: claimed };
    const { seq: there } = await done(byCarl, passing);
    const { items } = await readHistory(stage.base, bob, chat.id, (there ?? 0) - 1);
    assert.deepEqual(items[0]?.forward, forward);
    const acks = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        done(byCarl, { ...onward, body: `${index}`, ...(index % 3 === 0 ? { forward } : {}) }),
      ),
    );
    assert.deepEqual(
      acks.map((ack) => ack.seq),
      acks.map((_, index) => (acks[0]?.seq ?? 0) + index),
    );
    // What is gone is passed on no more; what was passed on before is answered as at first (L3).
    await done(await stage.open(ann), { type: "DeleteMessage", chatId: from.id, seq });
    assert.equal(await refused(byCarl, { ...onward, forward }), "not_found");
    const repeated = await done(byCarl, passing);
    assert.deepEqual([repeated.seq, repeated.duplicate], [there, true]);
  },

  async "a location and a contact say their own kind"(stage) {
    const location = { latitude: 52.5163, longitude: -13.3777, accuracyM: 12.5 };
    const contact = { phone: "+49 30 1234", firstName: "Rook", lastName: "Corvus" };
    for (const [kind, value] of Object.entries({ location, contact })) {
      for (const message of await sent(stage, { [kind]: value })) {
        assert.equal(message.kind, kind);
        assert.deepEqual(Reflect.get(message, kind), value);
      }
    }
  },

  async "e2ee is opaque: whatever stands in it comes back byte for byte"(stage) {
    const body = `{"not": json, "@bob": "${"=/+".repeat(2_000)}" <b>\\u0041</b> ${"🦜".repeat(500)}`;
    await comesBack(stage, { kind: "e2ee", body });
  },

  async "a poll takes votes, another vote replaces the first, remove takes it back"(stage) {
    const { ann, bob, carl } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob, carl], "poll");
    const [a, b, c] = [await stage.open(ann), await stage.open(bob), await stage.open(carl)];
    const poll = { question: "tea?", options: ["yes", "no", "maybe"] };
    const { seq } = await done(a, { type: "SendMessage", chatId: chat.id, body: "", poll });
    const at = { type: "Vote", chatId: chat.id, seq };
    await done(a, { ...at, options: [0] });
    await done(b, { ...at, options: [1] });
    await done(b, { ...at, options: [0] });
    await done(c, { ...at, options: [2] });
    const last = await done(c, { ...at, remove: true });
    assert.equal(await refused(c, { ...at, options: [0, 1] }), "invalid", "it takes one");
    assert.equal(await refused(c, { ...at, options: [3] }), "invalid", "there is no such option");
    const again = await done(a, { ...at, options: [0] });
    assert.equal(again.rev, last.rev, "the same vote again changes nothing");
    const { items } = await readHistory(stage.base, bob, chat.id, seq - 1);
    assert.deepEqual(
      items[0]?.poll?.options.map(({ text, userIds }) => [text, userIds]),
      [
        ["yes", [ann.userId, bob.userId]],
        ["no", []],
        ["maybe", []],
      ],
    );
    const many = { ...poll, multiple: true };
    const open = await done(a, { type: "SendMessage", chatId: chat.id, body: "", poll: many });
    await done(b, { ...at, seq: open.seq, options: [0, 2] });
    const voted = await a.frame("Message", (frame) => frame.chatId === chat.id && frame.seq === open.seq);
    assert.equal(voted.poll?.multiple, true);
  },

  async "what only chats say, nobody else can"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "service");
    const socket = await stage.open(ann);
    for (const kind of ["service", "Text", "5x", "a b", "poll"]) {
      const frame = { type: "SendMessage", chatId: chat.id, body: "x", kind };
      assert.equal(await refused(socket, frame), "invalid", kind);
    }
  },
};
