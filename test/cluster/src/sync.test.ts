/** Whoever was away gets exactly what was missed, also while others go on writing. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { arrivals, catchUp } from "./catch-up.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { agreementFaults, keepHighest, orderFaults } from "./order-check.ts";
import { createDirect, createGroup, type Person, readHistory, register } from "./rest.ts";
import { openSocket } from "./socket.ts";
import { nameBatch, write } from "./writer.ts";

describe("Sync", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;

  before(async () => {
    cluster = await openCluster({ edges: 2 });
    [ann, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
  });
  after(() => cluster?.close());

  for (const format of ["json", "proto"] as const) {
    it(`gives by ${format} what lies above the position, and nothing else`, async () => {
      const chat = await createGroup(cluster.base, ann, [bob], "sync");
      const writer = await openSocket({ base: cluster.base, token: ann.token });
      await write(writer, nameBatch(chat.id, "m", 60));
      const { items, headSeq } = await readHistory(cluster.base, ann, chat.id);
      const reader = await openSocket({ base: cluster.edges[1] as string, token: bob.token, format });
      for (const seq of [0, 1, headSeq - 1, headSeq]) {
        const missed = await catchUp(reader, chat.id, { seq, rev: 0 });
        assert.deepEqual(orderFaults("Sync", missed.messages, { first: seq + 1, last: headSeq }), []);
        assert.deepEqual(agreementFaults(["Sync", "history"], missed.messages, items), []);
        assert.equal(missed.headSeq, headSeq);
      }
      await Promise.all([writer.close(), reader.close()]);
    });

    it(`pages what is larger than a frame, by ${format}, without being asked again`, async () => {
      const chat = await createDirect(cluster.base, ann, await register(cluster.base, "pia"));
      const writer = await openSocket({ base: cluster.base, token: ann.token });
      // 40 bodies of 12 KiB, in characters of two bytes: eight times what one frame may hold.
      for (let index = 1; index <= 40; index++) await writer.say(chat.id, `big${index}`, "ü".repeat(6_144));
      const reader = await openSocket({ base: cluster.base, token: ann.token, format });
      const { frameBytesMax } = await reader.frame("Hello");
      const missed = await catchUp(reader, chat.id, { seq: 2, rev: 0 });
      assert.deepEqual(orderFaults("Sync", missed.messages, { first: 3, last: 40 }), []);
      assert.ok(missed.pages.length >= 8, `${missed.pages.length} pages`);
      assert.ok(
        reader.frameBytesSeenMax <= frameBytesMax,
        `a frame of ${reader.frameBytesSeenMax} bytes where ${frameBytesMax} are promised`,
      );
      await Promise.all([writer.close(), reader.close()]);
    });
  }

  it("answers for each of many chats", async () => {
    const carl = await register(cluster.base, "carl");
    const writer = await openSocket({ base: cluster.base, token: ann.token });
    const chats = await Promise.all(
      Array.from({ length: 20 }, (_, index) => createGroup(cluster.base, ann, [carl], `many ${index}`)),
    );
    await Promise.all(chats.map((chat) => writer.say(chat.id, `here-${chat.id}`)));
    const reader = await openSocket({ base: cluster.base, token: carl.token, resume: true });
    reader.send({
      type: "Sync",
      chats: Object.fromEntries(chats.map(({ id }) => [id, { seq: 0, rev: 0 }])),
    });
    for (const { id } of chats) {
      const result = await reader.frame("SyncResult", (frame) => frame.chatId === id && !frame.more);
      assert.equal(result.messages.at(-1)?.uuid, `here-${id}`);
      assert.equal(result.messages.length, result.headSeq);
    }
    await Promise.all([writer.close(), reader.close()]);
  });

  it("with userRev tells of the chats joined meanwhile", async () => {
    const dora = await register(cluster.base, "dora");
    // The answer to a creation comes before its members' own lists know: the socket tells when they do.
    const early = await openSocket({ base: cluster.base, token: dora.token });
    const before = await createGroup(cluster.base, ann, [dora], "before");
    const { userRev } = await early.frame("ChatAdded", (frame) => frame.chat.id === before.id);
    await early.close();
    const during = await createGroup(cluster.base, ann, [dora], "during");
    const also = await createDirect(cluster.base, bob, dora);
    const late = await openSocket({ base: cluster.edges[1] as string, token: dora.token, resume: true });
    late.send({ type: "Sync", chats: { [before.id]: { seq: 0, rev: 0 } }, userRev });
    for (const { id } of [during, also]) {
      const added = await late.frame("ChatAdded", (frame) => frame.chat.id === id);
      assert.ok(added.userRev > userRev);
    }
    await late.frame("SyncResult", (frame) => frame.chatId === before.id);
    assert.ok(
      !late.journal.some((frame) => frame.type === "ChatAdded" && frame.chat.id === before.id),
      "what was known is not told again",
    );
    await late.close();
  });

  it("[L4] with resume=1 a client that keeps the highest seq loses nothing while writes go on", async () => {
    const chat = await createGroup(cluster.base, ann, [bob], "resume");
    const writers = await Promise.all(
      [ann, bob].map((person, index) =>
        openSocket({ base: cluster.edges[index] as string, token: person.token }),
      ),
    );
    const rounds = 12;
    const ending = new AbortController();
    let written = 0;
    const writes = writers.map(async (socket, index) => {
      while (!ending.signal.aborted) {
        await write(socket, nameBatch(chat.id, `w${index}-${written++}`, 25));
      }
    });
    let have = 0;
    for (let round = 0; round < rounds; round++) {
      const reader = await openSocket({
        base: cluster.edges[round % 2] as string,
        token: bob.token,
        resume: true,
        format: round % 3 === 0 ? "proto" : "json",
      });
      // Long enough for commits to happen between Hello and Sync: held frames must not be lost.
      await reader.ping();
      const early = reader.journal.filter(({ type }) => type === "Message");
      assert.equal(early.length, 0, "live frames are held until the first Sync");
      const caught = await catchUp(reader, chat.id, { seq: have, rev: 0 });
      await reader.when("live messages behind the Sync", () => {
        const live = reader.messages.get(chat.id) ?? [];
        return (live.at(-1)?.seq ?? 0) >= caught.headSeq + 10 ? true : undefined;
      });
      const arrived = arrivals(reader, chat.id);
      const kept = keepHighest(arrived, have);
      const last = kept.at(-1)?.seq ?? have;
      assert.deepEqual(orderFaults(`round ${round}`, kept, { first: have + 1, last }), []);
      have = last;
      await reader.vanish();
    }
    ending.abort();
    await Promise.all(writes);
    const reader = await openSocket({ base: cluster.base, token: bob.token, resume: true });
    const { messages, headSeq } = await catchUp(reader, chat.id, { seq: have, rev: 0 });
    assert.deepEqual(orderFaults("the last Sync", messages, { first: have + 1, last: headSeq }), []);
    await Promise.all([reader, ...writers].map((socket) => socket.close()));
  });

  it("[L4] without resume every commit after Hello is live, and Sync fills what was before", async () => {
    const chat = await createGroup(cluster.base, ann, [bob], "no resume");
    const writer = await openSocket({ base: cluster.base, token: ann.token });
    const writing = write(writer, nameBatch(chat.id, "w", 600));
    for (let round = 0; round < 5; round++) {
      const reader = await openSocket({ base: cluster.edges[1] as string, token: bob.token });
      const { headSeq } = await catchUp(reader, chat.id, { seq: 0, rev: 0 });
      await reader.ping();
      const range = { first: 1, last: headSeq };
      const all = arrivals(reader, chat.id);
      const known = [...new Map(all.map((message) => [message.seq, message])).values()]
        .filter(({ seq }) => seq <= headSeq)
        .sort((one, other) => one.seq - other.seq);
      assert.deepEqual(orderFaults("Sync and live", known, range), []);
      const live = reader.messages.get(chat.id) ?? [];
      const first = live[0]?.seq;
      if (first !== undefined) {
        const last = live.at(-1)?.seq as number;
        assert.deepEqual(orderFaults("live alone", live, { first, last }), []);
      }
      await reader.close();
    }
    await writing;
    await writer.close();
  });
});
