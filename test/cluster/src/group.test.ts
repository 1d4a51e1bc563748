/** Groups: whoever is made a member learns of it at once and hears everything from then on. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Cluster, openCluster } from "./cluster.ts";
import type { ChatBody } from "./frame.ts";
import { agreementFaults, orderFaults } from "./order-check.ts";
import { createGroup, expect, type Person, type Problem, readHistory, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";
import { nameBatch, write } from "./writer.ts";

async function listChats(base: string, token: string): Promise<readonly number[]> {
  const body = await expect<{ items: readonly ChatBody[] }>(200, base, "GET", "/v1/chats?limit=100", {
    token,
  });
  return body.items.map(({ id }) => id);
}

describe("a group", () => {
  let cluster: Cluster;
  let people: readonly Person[];
  let sockets: readonly Socket[];
  const person = (index: number): Person => people[index] as Person;
  const socket = (index: number): Socket => sockets[index] as Socket;

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    people = await Promise.all(
      ["ann", "bob", "carl", "dora", "eve"].map((name) => register(cluster.base, name)),
    );
    sockets = await Promise.all(
      people.map(({ token }, index) =>
        openSocket({
          base: cluster.edges[index % 2] as string,
          token,
          format: index === 2 ? "proto" : "json",
        }),
      ),
    );
  });
  after(async () => {
    await Promise.all((sockets ?? []).map((each) => each.close()));
    await cluster?.close();
  });

  const create = (title: string, members: readonly number[]): Promise<ChatBody> =>
    createGroup(cluster.base, person(0), members.map(person), title);

  it("is told live to everyone in it, its maker included, and to nobody else", async () => {
    const chat = await create("told", [1, 2]);
    assert.equal(chat.type, "group");
    assert.equal(chat.title, "told");
    assert.equal(chat.role, "owner");
    for (const index of [0, 1, 2]) {
      const added = await socket(index).frame("ChatAdded", (frame) => frame.chat.id === chat.id);
      assert.equal(added.chat.title, "told");
      assert.equal(added.chat.type, "group");
      assert.equal(added.chat.role, index === 0 ? "owner" : "member");
    }
    await Promise.all([socket(3).ping(), socket(4).ping()]);
    for (const index of [3, 4]) {
      assert.ok(
        !socket(index).journal.some((frame) => frame.type === "ChatAdded" && frame.chat.id === chat.id),
      );
    }
  });

  it("gives every message sent right after its creation to everyone", async () => {
    for (let round = 0; round < 10; round++) {
      const chat = await create(`at once ${round}`, [1, 2, 3]);
      const acks = await write(socket(0), nameBatch(chat.id, `r${round}`, 20));
      const first = acks[0]?.seq as number;
      for (const index of [0, 1, 2, 3]) {
        await socket(index).when("the last message", () =>
          socket(index)
            .messages.get(chat.id)
            ?.some(({ seq }) => seq === first + 19)
            ? true
            : undefined,
        );
        const seen = (socket(index).messages.get(chat.id) ?? []).filter(({ seq }) => seq >= first);
        assert.deepEqual(orderFaults(`member ${index}`, seen, { first, last: first + 19 }), []);
      }
    }
  });

  it("takes an invited person: told live, hears what follows, may write, stands in the list", async () => {
    const chat = await create("invited", [1]);
    await socket(0).say(chat.id, "before");
    const answer = await expect<{ added: readonly number[]; already: readonly number[] }>(
      200,
      cluster.base,
      "POST",
      `/v1/chats/${chat.id}/invite`,
      { token: person(0).token, body: { userIds: [person(1).userId, person(4).userId] } },
    );
    assert.deepEqual(answer, { added: [person(4).userId], already: [person(1).userId] });
    const acks = await write(socket(0), nameBatch(chat.id, "after", 10));
    await socket(4).frame("ChatAdded", (frame) => frame.chat.id === chat.id);
    const first = acks[0]?.seq as number;
    await socket(4).when("the last message", () =>
      socket(4)
        .messages.get(chat.id)
        ?.some(({ seq }) => seq === first + 9)
        ? true
        : undefined,
    );
    const heard = (socket(4).messages.get(chat.id) ?? []).filter(({ seq }) => seq >= first);
    assert.deepEqual(orderFaults("the invited", heard, { first, last: first + 9 }), []);
    const reply = await socket(4).say(chat.id, "hello-from-eve");
    await socket(1).when("the reply", () =>
      socket(1)
        .messages.get(chat.id)
        ?.some(({ seq }) => seq === reply.seq)
        ? true
        : undefined,
    );

    const members = await expect<{
      items: readonly {
        userId: number;
        role: string;
        deliveredSeq: number;
        readSeq: number;
        joinedAt: number;
      }[];
    }>(200, cluster.base, "GET", `/v1/chats/${chat.id}/members`, { token: person(4).token });
    assert.deepEqual(
      members.items.map(({ userId, role }) => [userId, role]).sort((a, b) => Number(a[0]) - Number(b[0])),
      [
        [person(0).userId, "owner"],
        [person(1).userId, "member"],
        [person(4).userId, "member"],
      ].sort((a, b) => Number(a[0]) - Number(b[0])),
    );
    assert.ok(members.items.every(({ joinedAt }) => Math.abs(joinedAt - Date.now()) < 60_000));
  });

  it("[L4] its service messages take a seq like any other, live and in history", async () => {
    const chat = await create("service", [1]);
    await socket(0).say(chat.id, "one");
    await expect(200, cluster.base, "POST", `/v1/chats/${chat.id}/invite`, {
      token: person(0).token,
      body: { userIds: [person(3).userId] },
    });
    const last = await socket(0).say(chat.id, "two");
    const { items, headSeq } = await readHistory(cluster.base, person(0), chat.id);
    assert.equal(headSeq, last.seq);
    assert.deepEqual(orderFaults("history", items, { first: 1, last: headSeq }), []);
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ["service", "text", "service", "text"],
    );
    await socket(1).when("the last message", () =>
      socket(1)
        .messages.get(chat.id)
        ?.some(({ seq }) => seq === headSeq)
        ? true
        : undefined,
    );
    const seen = socket(1).messages.get(chat.id) ?? [];
    const first = seen[0]?.seq as number;
    assert.deepEqual(orderFaults("a member", seen, { first, last: headSeq }), []);
    assert.deepEqual(agreementFaults(["live", "history"], seen, items), []);
  });

  it("stands in its members' lists and in nobody else's; another's is not_found in every way", async () => {
    const chat = await create("closed", [1]);
    assert.ok((await listChats(cluster.base, person(0).token)).includes(chat.id));
    assert.ok((await listChats(cluster.base, person(1).token)).includes(chat.id));
    assert.ok(!(await listChats(cluster.base, person(4).token)).includes(chat.id));
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["GET", "/messages", undefined],
      ["GET", "/members", undefined],
      ["POST", "/messages", { body: "let me in" }],
      ["POST", "/invite", { userIds: [person(4).userId] }],
    ] as const) {
      const answer = await request<Problem>(cluster.base, method, `/v1/chats/${chat.id}${path}`, {
        token: person(4).token,
        ...(body === undefined ? {} : { body }),
      });
      assert.deepEqual(
        [answer.status, answer.body.code],
        [404, "not_found"],
        `${method} ${path}: ${answer.text}`,
      );
    }
    const refused = await socket(4).submit(chat.id, "let-me-in", "let me in");
    assert.equal(refused.type === "Error" ? refused.code : refused.type, "not_found");
  });

  it("[L4] many groups written to at once by many people keep each its own order", async () => {
    const chats = await Promise.all(
      Array.from({ length: 8 }, (_, index) => create(`busy ${index}`, [1, 2, 3, 4])),
    );
    await Promise.all(
      sockets.flatMap((each, index) =>
        chats.map((chat) => write(each, nameBatch(chat.id, `${chat.id}-${index}`, 20))),
      ),
    );
    for (const chat of chats) {
      const { items, headSeq } = await readHistory(cluster.base, person(0), chat.id);
      assert.deepEqual(orderFaults("history", items, { first: 1, last: headSeq }), []);
      for (const [index, each] of sockets.entries()) {
        await each.when("the last message", () =>
          each.messages.get(chat.id)?.some(({ seq }) => seq === headSeq) ? true : undefined,
        );
        const seen = each.messages.get(chat.id) ?? [];
        const first = seen[0]?.seq as number;
        assert.deepEqual(orderFaults(`member ${index}`, seen, { first, last: headSeq }), []);
        assert.ok(first <= headSeq - 99, "all but service messages are live");
        assert.deepEqual(agreementFaults(["live", "history"], seen, items), []);
      }
    }
  });
});
