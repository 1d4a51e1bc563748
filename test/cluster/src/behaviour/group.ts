/** Groups: whoever is made a member learns of it at once and hears everything from then on. */
import assert from "node:assert/strict";
import type { ChatBody, MarkBody } from "@rookery/kit";
import { agreementFaults, orderFaults } from "../order-check.ts";
import { createGroup, expect, type Person, type Problem, readHistory, request } from "../rest.ts";
import type { Socket } from "../socket.ts";
import { nameBatch, write } from "../writer.ts";
import type { Behaviours, Stage } from "./stage.ts";

type Sockets = readonly [Socket, Socket, Socket, Socket, Socket];

/** A socket of everybody. */
async function openAll(stage: Stage): Promise<Sockets> {
  const { ann, bob, carl, dora, eve } = stage.cast;
  const people = [ann, bob, carl, dora, eve];
  return (await Promise.all(
    people.map((person, index) => stage.open(person, { base: stage.edge(index) })),
  )) as unknown as Sockets;
}

async function heardSeq(socket: Socket, chatId: number, seq: number): Promise<void> {
  await socket.when(`seq ${seq}`, () =>
    socket.messages.get(chatId)?.some((message) => message.seq === seq) === true ? true : undefined,
  );
}

async function listChats(base: string, person: Person): Promise<readonly number[]> {
  const ids: number[] = [];
  for (let cursor = ""; ; ) {
    const body = await expect<{ items: readonly ChatBody[]; nextCursor: string | null }>(
      200,
      base,
      "GET",
      `/v1/chats?limit=100${cursor}`,
      { token: person.token },
    );
    ids.push(...body.items.map(({ id }) => id));
    if (body.nextCursor === null) return ids;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}

export const group: Behaviours = {
  async "a new group is told live to everyone in it, its maker included, and to nobody else"(stage) {
    const { ann, bob, carl } = stage.cast;
    const sockets = await openAll(stage);
    const chat = await createGroup(stage.base, ann, [bob, carl], "told");
    assert.deepEqual([chat.type, chat.title, chat.role], ["group", "told", "owner"]);
    for (const [index, socket] of sockets.slice(0, 3).entries()) {
      const added = await socket.frame("ChatAdded", (frame) => frame.chat.id === chat.id);
      assert.deepEqual([added.chat.title, added.chat.type], ["told", "group"]);
      assert.equal(added.chat.role, index === 0 ? "owner" : "member");
    }
    for (const socket of sockets.slice(3)) {
      await socket.ping();
      assert.ok(!socket.journal.some((frame) => frame.type === "ChatAdded" && frame.chat.id === chat.id));
    }
  },

  async "[L4] what is said right after its creation comes to everyone"(stage) {
    const { ann, bob, carl, dora } = stage.cast;
    const sockets = (await openAll(stage)).slice(0, 4);
    for (let round = 0; round < 4; round++) {
      const chat = await createGroup(stage.edge(round), ann, [bob, carl, dora], `at once ${round}`);
      const acks = await write(sockets[0] as Socket, nameBatch(chat.id, `r${round}`, 20));
      const first = acks[0]?.seq as number;
      for (const [index, socket] of sockets.entries()) {
        await heardSeq(socket, chat.id, first + 19);
        const seen = (socket.messages.get(chat.id) ?? []).filter(({ seq }) => seq >= first);
        assert.deepEqual(orderFaults(`member ${index}`, seen, { first, last: first + 19 }), []);
      }
    }
  },

  async "takes an invited person: told live, hears what follows, may write, stands in the list"(stage) {
    const { ann, bob, eve } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "invited");
    const sockets = await openAll(stage);
    const [anns, bobs, , , eves] = sockets;
    await anns.say(chat.id, "before");
    const answer = await expect<object>(200, stage.edge(1), "POST", `/v1/chats/${chat.id}/invite`, {
      token: ann.token,
      body: { userIds: [bob.userId, eve.userId] },
    });
    assert.deepEqual(answer, { added: [eve.userId], already: [bob.userId] });
    const acks = await write(anns, nameBatch(chat.id, "after", 10));
    await eves.frame("ChatAdded", (frame) => frame.chat.id === chat.id);
    const first = acks[0]?.seq as number;
    await heardSeq(eves, chat.id, first + 9);
    const heard = (eves.messages.get(chat.id) ?? []).filter(({ seq }) => seq >= first);
    assert.deepEqual(orderFaults("the invited", heard, { first, last: first + 9 }), []);
    const reply = await eves.say(chat.id, "hello-from-eve");
    await heardSeq(bobs, chat.id, reply.seq);

    const members = await expect<{
      items: readonly (MarkBody & { role: string; joinedAt: number })[];
    }>(200, stage.base, "GET", `/v1/chats/${chat.id}/members`, { token: eve.token });
    assert.deepEqual(
      new Map(members.items.map(({ userId, role }) => [userId, role])),
      new Map([
        [ann.userId, "owner"],
        [bob.userId, "member"],
        [eve.userId, "member"],
      ]),
    );
    assert.ok(members.items.every(({ joinedAt }) => Math.abs(joinedAt - Date.now()) < 60_000));
  },

  async "[L4] its service messages take a seq like any other, live and in history"(stage) {
    const { ann, bob, dora } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "service");
    const [anns, bobs] = [await stage.open(ann), await stage.open(bob)];
    await anns.say(chat.id, "one");
    const by = { token: ann.token };
    const invitation = { ...by, body: { userIds: [dora.userId] } };
    await expect(200, stage.base, "POST", `/v1/chats/${chat.id}/invite`, invitation);
    await expect(200, stage.base, "PATCH", `/v1/chats/${chat.id}`, { ...by, body: { title: "other" } });
    await expect(204, stage.base, "DELETE", `/v1/chats/${chat.id}/members/${dora.userId}`, by);
    const last = await anns.say(chat.id, "two");
    const { items, headSeq } = await readHistory(stage.base, ann, chat.id);
    assert.equal(headSeq, last.seq);
    assert.deepEqual(orderFaults("history", items, { first: 1, last: headSeq }), []);
    assert.deepEqual(
      items.map(({ kind, service }) => (service === undefined ? kind : service.action)),
      ["created", "text", "joined", "renamed", "removed", "text"],
    );
    await heardSeq(bobs, chat.id, headSeq);
    const seen = bobs.messages.get(chat.id) ?? [];
    assert.deepEqual(orderFaults("a member", seen, { first: 2, last: headSeq }), []);
    assert.deepEqual(agreementFaults(["live", "history"], seen, items), []);
  },

  async "stands in its members' lists and in nobody else's; another's is not_found in every way"(stage) {
    const { ann, bob, eve } = stage.cast;
    const chat = await createGroup(stage.base, ann, [bob], "closed");
    assert.ok((await listChats(stage.base, ann)).includes(chat.id));
    assert.ok((await listChats(stage.edge(1), bob)).includes(chat.id));
    assert.ok(!(await listChats(stage.base, eve)).includes(chat.id));
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["GET", "/messages", undefined],
      ["GET", "/members", undefined],
      ["POST", "/messages", { body: "let me in" }],
      ["POST", "/invite", { userIds: [eve.userId] }],
      ["PATCH", "", { title: "mine" }],
      ["DELETE", "", undefined],
    ] as const) {
      const answer = await request<Problem>(stage.base, method, `/v1/chats/${chat.id}${path}`, {
        token: eve.token,
        ...(body === undefined ? {} : { body }),
      });
      assert.deepEqual([answer.status, answer.body.code], [404, "not_found"], `${method} ${path}`);
    }
    const refused = await (await stage.open(eve)).submit(chat.id, "let-me-in", "let me in");
    assert.equal(refused.type === "Error" ? refused.code : refused.type, "not_found");
  },

  async "[L4] many groups written to at once by many people keep each its own order"(stage) {
    const { ann, bob, carl, dora, eve } = stage.cast;
    const sockets = await openAll(stage);
    const chats = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        createGroup(stage.edge(index), ann, [bob, carl, dora, eve], `busy ${index}`),
      ),
    );
    await Promise.all(
      sockets.flatMap((socket, index) =>
        chats.map((chat) => write(socket, nameBatch(chat.id, `${chat.id}-${index}`, 10))),
      ),
    );
    for (const chat of chats) {
      const { items, headSeq } = await readHistory(stage.base, ann, chat.id);
      assert.deepEqual(orderFaults("history", items, { first: 1, last: headSeq }), []);
      for (const [index, socket] of sockets.entries()) {
        await heardSeq(socket, chat.id, headSeq);
        const seen = socket.messages.get(chat.id) ?? [];
        const first = seen[0]?.seq as number;
        assert.deepEqual(orderFaults(`member ${index}`, seen, { first, last: headSeq }), []);
        assert.ok(first <= headSeq - 49, "all but service messages are live");
        assert.deepEqual(agreementFaults(["live", "history"], seen, items), []);
      }
    }
  },
};
