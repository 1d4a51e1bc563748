/** Whoever was away gets exactly what was missed, also while others write. */
import assert from "node:assert/strict";
import { done } from "../answer.ts";
import { arrivals, catchUp } from "../catch-up.ts";
import { agreementFaults, keepHighest, orderFaults } from "../order-check.ts";
import { createDirect, createGroup, expect, type Person, readHistory } from "../rest.ts";
import { nameBatch, write } from "../writer.ts";
import type { Behaviours, Stage } from "./stage.ts";

/** As many as one Sync may ask for. */
const chatsMax = 500;
const creationsAtOnce = 25;

/** Somebody in 500 groups, each with a message beside the one that says it is there. */
async function manyChats(
  stage: Stage,
): Promise<{ readonly reader: Person; readonly chats: readonly number[] }> {
  const [owner, reader] = [await stage.newcomer("owner"), await stage.newcomer("reader")];
  const writer = await stage.open(owner);
  const chats: number[] = [];
  const make = async (): Promise<void> => {
    for (let left = chatsMax / creationsAtOnce; left > 0; left--) {
      const { id } = await createGroup(stage.edge(left), owner, [reader], "one of many");
      await writer.say(id, `in-${id}`);
      chats.push(id);
    }
  };
  await Promise.all(Array.from({ length: creationsAtOnce }, make));
  return { reader, chats };
}

export const sync: Behaviours = {
  async "gives what lies above the position, and nothing else"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "sync");
    await write(await stage.open(ann), nameBatch(chat.id, "m", 60));
    const { items, headSeq } = await readHistory(stage.base, ann, chat.id);
    const reader = await stage.open(bob, { base: stage.edge(1) });
    for (const seq of [0, 1, headSeq - 1, headSeq]) {
      const missed = await catchUp(reader, chat.id, { seq, rev: 0 });
      assert.deepEqual(orderFaults("Sync", missed.messages, { first: seq + 1, last: headSeq }), []);
      assert.deepEqual(agreementFaults(["Sync", "history"], missed.messages, items), []);
      assert.equal(missed.headSeq, headSeq);
    }
  },

  async "pages what is larger than a frame, without being asked again"(stage) {
    const { ann } = stage.cast;
    const chat = await createDirect(stage.base, ann, await stage.newcomer("pia"));
    const writer = await stage.open(ann);
    // 40 bodies of 12 KiB, in characters of two bytes: eight times what one frame may hold.
    const body = "ü".repeat(6_144);
    await Promise.all(Array.from({ length: 40 }, (_, index) => writer.say(chat.id, `big${index}`, body)));
    const reader = await stage.open(ann);
    const { frameBytesMax } = await reader.frame("Hello");
    const missed = await catchUp(reader, chat.id, { seq: 2, rev: 0 });
    assert.deepEqual(orderFaults("Sync", missed.messages, { first: 3, last: 40 }), []);
    assert.ok(missed.pages.length >= 8, `${missed.pages.length} pages`);
    assert.ok(reader.frameBytesSeenMax <= frameBytesMax, `a frame of ${reader.frameBytesSeenMax} bytes`);
  },

  async "pages changes too, in rev order over all pages"(stage) {
    const { ann } = stage.cast;
    const chat = await createDirect(stage.base, ann, await stage.newcomer("pia"));
    const writer = await stage.open(ann);
    const { seq } = await writer.say(chat.id, "edited");
    const edits = 24;
    for (let index = 0; index < edits; index++) {
      const body = `${index} ${"ü".repeat(4_000)}`;
      await done(writer, { type: "EditMessage", chatId: chat.id, seq, body });
    }
    const missed = await catchUp(await stage.open(ann), chat.id, { seq: 0, rev: 3 });
    assert.deepEqual(
      missed.changes.map(({ rev }) => rev),
      Array.from({ length: edits - 3 }, (_, index) => index + 4),
    );
    assert.ok(missed.pages.length >= 3, `${missed.pages.length} pages`);
    assert.deepEqual([missed.rev, missed.messages.length], [edits, 1]);
    assert.ok(missed.messages[0]?.body.startsWith(`${edits - 1} `));
  },

  async "refuses another's chat and answers for one's own in the same question"(stage) {
    const { ann, bob, carl, dora } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "mine");
    const foreign = await createGroup(stage.base, carl, [dora], "theirs");
    const reader = await stage.open(bob, { resume: true });
    const place = { seq: 0, rev: 0 };
    reader.send({ type: "Sync", chats: { [foreign.id]: place, [chat.id]: place, 999999999: place } });
    await reader.frame("SyncResult", ({ chatId }) => chatId === chat.id);
    await reader.when("two refusals", () =>
      reader.journal.filter(({ type }) => type === "Error").length === 2 ? true : undefined,
    );
    const errors = reader.journal.filter((frame) => frame.type === "Error");
    assert.deepEqual(
      errors.map((error) => error.code),
      ["not_found", "not_found"],
    );
    assert.ok(!reader.journal.some((frame) => frame.type === "SyncResult" && frame.chatId === foreign.id));
  },

  async "[L4] answers for 500 chats at once, each with what it misses, and for none more"(stage) {
    const { reader, chats } = await stage.once("500 chats", () => manyChats(stage));
    const socket = await stage.open(reader, { resume: true });
    const place = { seq: 1, rev: 0 };
    socket.send({ type: "Sync", chats: Object.fromEntries(chats.map((id) => [id, place])) });
    await socket.when("500 answers", () =>
      socket.journal.filter(({ type }) => type === "SyncResult").length >= chats.length ? true : undefined,
    );
    const answers = socket.journal.filter((frame) => frame.type === "SyncResult");
    assert.deepEqual(
      answers.map(({ chatId }) => chatId).toSorted((one, other) => one - other),
      chats.toSorted((one, other) => one - other),
    );
    for (const { chatId, messages, headSeq, more } of answers) {
      assert.deepEqual([messages.map(({ uuid }) => uuid), headSeq, more], [[`in-${chatId}`], 2, false]);
    }
    const tooMany = Object.fromEntries([...chats, 999_999_999].map((id) => [id, place]));
    const after = socket.journal.length;
    socket.send({ type: "Sync", chats: tooMany });
    assert.equal((await socket.frame("Error", () => true, { after })).code, "invalid");
  },

  async "with userRev tells of the chats joined and left meanwhile, in order"(stage) {
    const { ann, bob } = stage.cast;
    const dora = await stage.newcomer("dora");
    const early = await stage.open(dora);
    const before = await createGroup(stage.base, ann, [dora], "before");
    const left = await createGroup(stage.base, ann, [dora], "left");
    await early.frame("ChatAdded", (frame) => frame.chat.id === before.id);
    await early.frame("ChatAdded", (frame) => frame.chat.id === left.id);
    const revs = early.journal.flatMap((frame) => (frame.type === "ChatAdded" ? [frame.userRev] : []));
    const userRev = Math.max(...revs);
    await early.close();
    const during = await createGroup(stage.base, ann, [dora], "during");
    const also = await createDirect(stage.base, bob, dora);
    await expect(204, stage.base, "DELETE", `/v1/chats/${left.id}`, { token: dora.token });
    for (const resume of [true, false]) {
      const late = await stage.open(dora, { resume });
      late.send({ type: "Sync", chats: { [before.id]: { seq: 0, rev: 0 } }, userRev });
      for (const { id } of [during, also]) {
        await late.frame("ChatAdded", (frame) => frame.chat.id === id);
      }
      await late.frame("ChatRemoved", (frame) => frame.chatId === left.id);
      await late.frame("SyncResult", (frame) => frame.chatId === before.id);
      const told = late.journal.flatMap((frame) =>
        frame.type === "ChatAdded" || frame.type === "ChatRemoved" ? [frame.userRev] : [],
      );
      assert.deepEqual(
        told,
        told.map((_, index) => userRev + 1 + index),
        "what was known is not told again",
      );
    }
  },

  async "[L4] with resume=1 a client that keeps the highest seq loses nothing while writes go on"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "resume");
    const writers = [await stage.open(ann), await stage.open(bob)];
    const ending = new AbortController();
    let written = 0;
    const writes = writers.map(async (socket, index) => {
      while (!ending.signal.aborted) {
        await write(socket, nameBatch(chat.id, `w${index}-${written++}`, 25));
      }
    });
    let have = 0;
    for (let round = 0; round < 6; round++) {
      const reader = await stage.open(bob, { base: stage.edge(round), resume: true });
      // Long enough for commits to happen between Hello and Sync: held frames must not be lost.
      await reader.ping();
      const early = reader.journal.filter(({ type }) => type === "Message");
      assert.equal(early.length, 0, "live frames are held until the first Sync");
      const caught = await catchUp(reader, chat.id, { seq: have, rev: 0 });
      await reader.when("live messages behind the Sync", () => {
        const live = reader.messages.get(chat.id) ?? [];
        return (live.at(-1)?.seq ?? 0) >= caught.headSeq + 10 ? true : undefined;
      });
      const kept = keepHighest(arrivals(reader, chat.id), have);
      const last = kept.at(-1)?.seq ?? have;
      assert.deepEqual(orderFaults(`round ${round}`, kept, { first: have + 1, last }), []);
      have = last;
      await reader.vanish();
    }
    ending.abort();
    await Promise.all(writes);
    const reader = await stage.open(bob, { resume: true });
    const { messages, headSeq } = await catchUp(reader, chat.id, { seq: have, rev: 0 });
    assert.deepEqual(orderFaults("the last Sync", messages, { first: have + 1, last: headSeq }), []);
  },

  async "with resume=1 the chats not asked for are live after the first Sync"(stage) {
    const { ann, bob } = stage.cast;
    const [asked, other] = [
      await createGroup(stage.base, ann, [bob], "asked"),
      await createGroup(stage.base, ann, [bob], "other"),
    ];
    const [writer, reader] = [await stage.open(ann), await stage.open(bob, { resume: true })];
    await writer.say(other.id, "held");
    await catchUp(reader, asked.id, { seq: 0, rev: 0 });
    const { seq } = await writer.say(other.id, "live");
    await reader.frame("Message", (frame) => frame.chatId === other.id && frame.seq === seq);
  },

  async "[L4] without resume every commit after Hello is live, and Sync fills what was before"(stage) {
    const { ann, bob } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "no resume");
    const writing = write(await stage.open(ann), nameBatch(chat.id, "w", 600));
    for (let round = 0; round < 4; round++) {
      const reader = await stage.open(bob, { base: stage.edge(round) });
      const { headSeq } = await catchUp(reader, chat.id, { seq: 0, rev: 0 });
      await reader.ping();
      const all = arrivals(reader, chat.id);
      const known = [...new Map(all.map((message) => [message.seq, message])).values()]
        .filter(({ seq }) => seq <= headSeq)
        .sort((one, other) => one.seq - other.seq);
      assert.deepEqual(orderFaults("Sync and live", known, { first: 1, last: headSeq }), []);
      const live = reader.messages.get(chat.id) ?? [];
      const first = live[0]?.seq;
      if (first !== undefined) {
        const last = live.at(-1)?.seq as number;
        assert.deepEqual(orderFaults("live alone", live, { first, last }), []);
      }
    }
    await writing;
  },
};
