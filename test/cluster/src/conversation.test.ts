/** Two people talk: everything is acked, delivered once, in one order, and history is what was seen. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import type { Format } from "./codec.ts";
import type { MessageBody } from "./frame.ts";
import { ackFaults, agreementFaults, orderFaults, senderOrderFaults } from "./order-check.ts";
import { createDirect, expect, type Person, readHistory, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";
import { nameBatch, write } from "./writer.ts";

const messagesEach = 1_000;

interface Side {
  readonly base: string;
  readonly person: Person;
  readonly socket: Socket;
}

async function join(base: string, name: string, format: Format): Promise<Side> {
  const person = await register(base, name);
  return { base, person, socket: await openSocket({ base, token: person.token, format }) };
}

/** Both write at once; afterwards both readers, both writers and both histories must agree. */
async function converse(a: Side, b: Side): Promise<void> {
  const chat = await createDirect(a.base, a.person, b.person);
  assert.equal(chat.headSeq, 0, "a direct chat starts empty");
  const fromA = nameBatch(chat.id, "a", messagesEach);
  const fromB = nameBatch(chat.id, "b", messagesEach);
  const startMs = performance.now();
  const [acksA, acksB] = await Promise.all([write(a.socket, fromA), write(b.socket, fromB)]);
  const total = 2 * messagesEach;
  const [seenA, seenB] = await Promise.all([a.socket.heard(chat.id, total), b.socket.heard(chat.id, total)]);
  const tookMs = performance.now() - startMs;
  console.error(`${total} messages written and read by both in ${Math.round(tookMs)} ms`);

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

  for (const side of [a, b]) {
    const history = await readHistory(side.base, side.person, chat.id);
    assert.equal(history.headSeq, total);
    assert.deepEqual(orderFaults("history", history.items, range), []);
    assert.deepEqual(agreementFaults(["history", "B"], history.items, seenB), []);
  }
  // A late repeat would come behind what is already answered.
  await Promise.all([a.socket.ping(), b.socket.ping()]);
  assert.equal(a.socket.messages.get(chat.id)?.length, total);
  assert.equal(b.socket.messages.get(chat.id)?.length, total);
  for (const message of seenA) {
    assert.equal(message.body, `body of ${message.uuid}`);
    assert.equal(message.source, "ws");
    assert.equal(message.kind, "text");
  }
}

const seqs = (items: readonly MessageBody[]): number[] => items.map(({ seq }) => seq);

async function close(...sides: readonly Side[]): Promise<void> {
  await Promise.all(sides.map((side) => side.socket.close()));
}

describe("a conversation on one edge and one worker", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await openCluster();
  });
  after(() => cluster?.close());

  for (const format of ["json", "proto"] as const) {
    it(`[L4] 1,000 messages each way by ${format} are acked, delivered once and in one order`, async () => {
      const a = await join(cluster.base, "ann", format);
      const b = await join(cluster.base, "bob", format);
      await converse(a, b);
      await close(a, b);
    });
  }

  it("says Hello with who one is and what the server allows", async () => {
    for (const format of ["json", "proto"] as const) {
      const side = await join(cluster.base, "hal", format);
      const hello = await side.socket.frame("Hello");
      assert.equal(side.socket.journal[0]?.type, "Hello");
      assert.equal(hello.userId, side.person.userId);
      assert.ok(hello.connId.length > 0);
      assert.ok(hello.heartbeatMs > 0);
      assert.equal(hello.frameBytesMax, 65_536);
      assert.ok(Math.abs(hello.serverTime - Date.now()) < 60_000);
      await close(side);
    }
  });

  it("takes the token from the subprotocol, the Authorization header or the query", async () => {
    const person = await register(cluster.base, "tom");
    for (const token of ["subprotocol", "header", "query"] as const) {
      const socket = await openSocket({ base: cluster.base, token: person.token, tokenIn: token });
      assert.equal((await socket.frame("Hello")).userId, person.userId);
      await socket.close();
    }
  });

  it("[L1] what is acknowledged can be read at once", async () => {
    const a = await join(cluster.base, "amy", "json");
    const b = await join(cluster.base, "ben", "json");
    const chat = await createDirect(a.base, a.person, b.person);
    for (let index = 1; index <= 50; index++) {
      const ack = await a.socket.say(chat.id, `m${index}`);
      assert.equal(ack.seq, index);
      const page = await expect<{ items: readonly MessageBody[]; headSeq: number }>(
        200,
        cluster.base,
        "GET",
        `/v1/chats/${chat.id}/messages?after=${index - 1}&limit=1`,
        { token: b.person.token },
      );
      assert.equal(page.items[0]?.uuid, `m${index}`);
      assert.equal(page.headSeq, index);
    }
    await close(a, b);
  });

  it("a message by REST is answered committed, with 201, and is live on every socket", async () => {
    const a = await join(cluster.base, "ada", "json");
    const b = await join(cluster.base, "bea", "proto");
    const chat = await createDirect(a.base, a.person, b.person);
    const answer = await request<MessageBody>(cluster.base, "POST", `/v1/chats/${chat.id}/messages`, {
      token: a.person.token,
      body: { uuid: "rest-1", body: "grüße 👋" },
    });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.body.seq, 1);
    assert.equal(answer.body.source, "rest");
    for (const side of [a, b]) {
      const [live] = await side.socket.heard(chat.id, 1);
      assert.equal(live?.uuid, "rest-1");
      assert.equal(live?.body, "grüße 👋");
      assert.equal(live?.senderId, a.person.userId);
    }
    await close(a, b);
  });

  it("every device of both people hears every message, its sender's too", async () => {
    const a = await join(cluster.base, "alf", "json");
    const b = await join(cluster.base, "bo", "json");
    const devices = await Promise.all(
      [a, a, b, b].map(({ person }, index) =>
        openSocket({
          base: cluster.base,
          token: person.token,
          device: `d${index}`,
          format: index % 2 === 0 ? "json" : "proto",
        }),
      ),
    );
    const chat = await createDirect(a.base, a.person, b.person);
    for (let index = 1; index <= 5; index++) await a.socket.say(chat.id, `m${index}`);
    for (const socket of [a.socket, b.socket, ...devices]) {
      assert.deepEqual(orderFaults("device", await socket.heard(chat.id, 5), { first: 1, last: 5 }), []);
    }
    await Promise.all(devices.map((socket) => socket.close()));
    await close(a, b);
  });

  it("history pages ascend and their cursors lead through everything in both directions", async () => {
    const a = await join(cluster.base, "ada", "json");
    const b = await register(cluster.base, "bert");
    const chat = await createDirect(cluster.base, a.person, b);
    await write(a.socket, nameBatch(chat.id, "m", 25));
    const read = (query: string) =>
      expect<{ items: readonly MessageBody[]; nextCursor: string | null; headSeq: number }>(
        200,
        cluster.base,
        "GET",
        `/v1/chats/${chat.id}/messages?${query}`,
        { token: b.token },
      );
    assert.deepEqual(seqs((await read("after=0&limit=3")).items), [1, 2, 3]);
    assert.deepEqual(seqs((await read("before=10&limit=3")).items), [7, 8, 9]);
    assert.deepEqual(seqs((await read("after=25&limit=3")).items), []);
    const walked: number[] = [];
    let page = await read("after=0&limit=10");
    walked.push(...seqs(page.items));
    while (page.nextCursor !== null) {
      assert.ok(walked.length <= 25, "the cursor goes round");
      page = await read(`limit=10&cursor=${encodeURIComponent(page.nextCursor)}`);
      walked.push(...seqs(page.items));
    }
    assert.deepEqual(
      walked,
      Array.from({ length: 25 }, (_, index) => index + 1),
    );
    await close(a);
  });
});

describe("a conversation over two edges and two workers", () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
  });
  after(() => cluster?.close());

  for (const [one, other] of [
    ["json", "json"],
    ["json", "proto"],
    ["proto", "proto"],
  ] as const) {
    it(`[L4] 1,000 messages each way between ${one} and ${other} on different edges keep one order`, async () => {
      const a = await join(cluster.edges[0] as string, "ann", one);
      const b = await join(cluster.edges[1] as string, "bob", other);
      await converse(a, b);
      await close(a, b);
    });
  }

  it("[L3] a direct chat asked for by both at once through two edges is one chat", async () => {
    for (let round = 0; round < 5; round++) {
      const a = await join(cluster.edges[0] as string, "ann", "json");
      const b = await join(cluster.edges[1] as string, "bob", "json");
      const ask = (from: Side, to: Side) =>
        request<{ id: number }>(from.base, "POST", "/v1/chats", {
          token: from.person.token,
          body: { type: "direct", memberIds: [to.person.userId] },
        });
      const answers = await Promise.all([ask(a, b), ask(b, a), ask(a, b), ask(b, a)]);
      assert.deepEqual(new Set(answers.map((answer) => answer.body.id)).size, 1);
      assert.ok(answers.every(({ status }) => status === 200 || status === 201));
      assert.ok(answers.filter(({ status }) => status === 201).length <= 1, "only one of them made it");
      const chatId = answers[0]?.body.id ?? 0;
      await a.socket.frame("ChatAdded", (frame) => frame.chat.id === chatId);
      await b.socket.frame("ChatAdded", (frame) => frame.chat.id === chatId);
      await b.socket.say(chatId, "first");
      assert.equal((await a.socket.heard(chatId, 1))[0]?.uuid, "first");
      await close(a, b);
    }
  });
});
