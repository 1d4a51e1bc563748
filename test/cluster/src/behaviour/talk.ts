/** People talk: everything is acked, delivered once, in one order, and history is what was seen. */
import assert from "node:assert/strict";
import type { MessageBody } from "@rookery/kit";
import { ackFaults, agreementFaults, orderFaults, senderOrderFaults } from "../order-check.ts";
import { createDirect, expect, type Person, readHistory, request } from "../rest.ts";
import type { Socket } from "../socket.ts";
import { nameBatch, write } from "../writer.ts";
import type { Behaviours, Stage } from "./stage.ts";

interface Side {
  readonly person: Person;
  readonly socket: Socket;
}

/** Both write at once; afterwards both readers, both writers and both histories must agree. */
async function converse(stage: Stage, a: Side, b: Side, messagesEach: number): Promise<void> {
  const chat = await createDirect(stage.base, a.person, b.person);
  assert.equal(chat.headSeq, 0, "a direct chat starts empty");
  const fromA = nameBatch(chat.id, "a", messagesEach);
  const fromB = nameBatch(chat.id, "b", messagesEach);
  const [acksA, acksB] = await Promise.all([write(a.socket, fromA), write(b.socket, fromB)]);
  const total = 2 * messagesEach;
  const [seenA, seenB] = await Promise.all([a.socket.heard(chat.id, total), b.socket.heard(chat.id, total)]);

  assert.ok(
    [...acksA, ...acksB].every((ack) => !ack.duplicate && ack.chatId === chat.id),
    "every ack is the first of its message",
  );
  const range = { first: 1, last: total };
  assert.deepEqual(orderFaults("A", seenA, range), []);
  assert.deepEqual(orderFaults("B", seenB, range), []);
  assert.deepEqual(agreementFaults(["A", "B"], seenA, seenB), []);
  assert.deepEqual(ackFaults([...acksA, ...acksB], seenB), []);
  assert.deepEqual(senderOrderFaults(seenA, a.person.userId, fromA.uuids), []);
  assert.deepEqual(senderOrderFaults(seenA, b.person.userId, fromB.uuids), []);

  for (const [index, side] of [a, b].entries()) {
    const history = await readHistory(stage.edge(index), side.person, chat.id);
    assert.equal(history.headSeq, total);
    assert.deepEqual(orderFaults("history", history.items, range), []);
    assert.deepEqual(agreementFaults(["history", "B"], history.items, seenB), []);
  }
  // A late repeat would come behind what is already answered.
  await Promise.all([a.socket.ping(), b.socket.ping()]);
  assert.equal(a.socket.messages.get(chat.id)?.length, total);
  assert.equal(b.socket.messages.get(chat.id)?.length, total);
  for (const { uuid, body, source, kind } of seenA) {
    assert.deepEqual([body, source, kind], [`body of ${uuid}`, "ws", "text"]);
  }
}

const seqs = (items: readonly MessageBody[]): number[] => items.map(({ seq }) => seq);

export const talk: Behaviours = {
  async "[L4] 1,000 messages each way are acked, delivered once and in one order"(stage) {
    const [ann, bob] = [stage.cast.ann, await stage.newcomer("bob")];
    const a = { person: ann, socket: await stage.open(ann, { base: stage.edge(0) }) };
    const b = { person: bob, socket: await stage.open(bob, { base: stage.edge(1) }) };
    await converse(stage, a, b, 1_000);
  },

  async "[L4] the two formats talk to each other"(stage) {
    const [ann, bob] = [stage.cast.ann, await stage.newcomer("bob")];
    const a = { person: ann, socket: await stage.open(ann, { base: stage.edge(1), format: "json" }) };
    const b = { person: bob, socket: await stage.open(bob, { base: stage.edge(0), format: "proto" }) };
    await converse(stage, a, b, 200);
  },

  async "[L1] what is acknowledged can be read at once"(stage) {
    const fay = await stage.newcomer("fay");
    const chat = await createDirect(stage.base, stage.cast.ann, fay);
    const socket = await stage.open(stage.cast.ann);
    for (let index = 1; index <= 30; index++) {
      const ack = await socket.say(chat.id, `m${index}`);
      assert.equal(ack.seq, index);
      const path = `/v1/chats/${chat.id}/messages?after=${index - 1}&limit=1`;
      const page = await expect<{ items: readonly MessageBody[]; headSeq: number }>(
        200,
        stage.edge(index),
        "GET",
        path,
        { token: fay.token },
      );
      assert.equal(page.items[0]?.uuid, `m${index}`);
      assert.equal(page.headSeq, index);
    }
  },

  async "a message by REST is answered committed, with 201, and is live on every socket"(stage) {
    const [{ ann }, fay] = [stage.cast, await stage.newcomer("fay")];
    const chat = await createDirect(stage.base, ann, fay);
    const sockets = [await stage.open(ann), await stage.open(fay), await stage.open(fay)];
    const answer = await request<MessageBody>(stage.edge(1), "POST", `/v1/chats/${chat.id}/messages`, {
      token: ann.token,
      body: { uuid: "rest-1", body: "grüße 👋" },
    });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual([answer.body.seq, answer.body.source], [1, "rest"]);
    for (const socket of sockets) {
      const [live] = await socket.heard(chat.id, 1);
      assert.deepEqual([live?.uuid, live?.body, live?.senderId], ["rest-1", "grüße 👋", ann.userId]);
    }
  },

  async "every device of both people hears every message, its sender's too"(stage) {
    const [{ ann }, fay] = [stage.cast, await stage.newcomer("fay")];
    const chat = await createDirect(stage.base, ann, fay);
    const sockets = await Promise.all(
      [ann, ann, ann, fay, fay, fay].map((person, index) =>
        stage.open(person, {
          base: stage.edge(index),
          device: `d${index}`,
          format: index % 3 === 2 ? "json" : stage.format,
        }),
      ),
    );
    for (let index = 1; index <= 5; index++) await sockets[0]?.say(chat.id, `m${index}`);
    for (const socket of sockets) {
      assert.deepEqual(orderFaults("device", await socket.heard(chat.id, 5), { first: 1, last: 5 }), []);
    }
  },

  async "[L3] a repeated uuid, on any device, is acked as a duplicate with the first outcome"(stage) {
    const [{ ann }, fay] = [stage.cast, await stage.newcomer("fay")];
    const chat = await createDirect(stage.base, ann, fay);
    const [one, other] = [await stage.open(ann), await stage.open(ann)];
    const first = await one.say(chat.id, "once", "the first body");
    assert.equal(first.duplicate, false);
    for (const socket of [one, other]) {
      assert.deepEqual(await socket.say(chat.id, "once", "another body"), { ...first, duplicate: true });
    }
    const { items } = await readHistory(stage.base, fay, chat.id);
    assert.deepEqual(
      items.map(({ body }) => body),
      ["the first body"],
    );
  },

  async "history pages ascend and their cursors lead through everything in both directions"(stage) {
    const [{ ann }, fay] = [stage.cast, await stage.newcomer("fay")];
    const chat = await createDirect(stage.base, ann, fay);
    await write(await stage.open(ann), nameBatch(chat.id, "m", 25));
    const read = (query: string) =>
      expect<{ items: readonly MessageBody[]; nextCursor: string | null }>(
        200,
        stage.base,
        "GET",
        `/v1/chats/${chat.id}/messages?${query}`,
        { token: fay.token },
      );
    assert.deepEqual(seqs((await read("after=0&limit=3")).items), [1, 2, 3]);
    assert.deepEqual(seqs((await read("before=10&limit=3")).items), [7, 8, 9]);
    assert.deepEqual(seqs((await read("after=25&limit=3")).items), []);
    const all = Array.from({ length: 25 }, (_, index) => index + 1);
    for (const [first, join] of [
      ["after=0&limit=10", (walked: number[], page: number[]) => [...walked, ...page]],
      ["before=26&limit=10", (walked: number[], page: number[]) => [...page, ...walked]],
    ] as const) {
      let page = await read(first);
      let walked = seqs(page.items);
      while (page.nextCursor !== null) {
        assert.ok(walked.length <= 25, "the cursor goes round");
        page = await read(`limit=10&cursor=${encodeURIComponent(page.nextCursor)}`);
        walked = join(walked, seqs(page.items));
      }
      assert.deepEqual(walked, all);
    }
  },

  async "[L3] a direct chat asked for by both at once is one chat"(stage) {
    const [a, b] = [await stage.newcomer("ann"), await stage.newcomer("bob")];
    const [one, other] = [await stage.open(a), await stage.open(b)];
    const ask = (from: Person, to: Person, edge: number) =>
      request<{ id: number }>(stage.edge(edge), "POST", "/v1/chats", {
        token: from.token,
        body: { type: "direct", memberIds: [to.userId] },
      });
    const answers = await Promise.all([ask(a, b, 0), ask(b, a, 1), ask(a, b, 1), ask(b, a, 0)]);
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.ok(answers.every(({ status }) => status === 200 || status === 201));
    assert.ok(answers.filter(({ status }) => status === 201).length <= 1, "only one of them made it");
    const chatId = answers[0]?.body.id ?? 0;
    for (const socket of [one, other]) await socket.frame("ChatAdded", (frame) => frame.chat.id === chatId);
    await other.say(chatId, "first");
    assert.equal((await one.heard(chatId, 1))[0]?.uuid, "first");
  },
};
