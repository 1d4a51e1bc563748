/** How far members have come: told live and by Sync, counted in the chat list, the same over every door. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { catchUp } from "./catch-up.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import type { ChatBody, FrameOf } from "@rookery/kit";
import { createDirect, createGroup, expect, type Person, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";
import { write } from "./writer.ts";

interface MemberBody {
  readonly userId: number;
  readonly deliveredSeq: number;
  readonly readSeq: number;
}

describe("receipts", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let eve: Person;

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    [ann, bob, eve] = await Promise.all([
      register(cluster.base, "ann"),
      register(cluster.base, "bob"),
      register(cluster.base, "eve"),
    ]);
  });
  after(async () => await cluster.close());

  const edge = (index: number): string => cluster.edges[index] ?? cluster.base;
  const unreadOf = async (person: Person, chatId: number): Promise<number> =>
    (await expect<ChatBody>(200, cluster.base, "GET", `/v1/chats/${chatId}`, { token: person.token })).unread;
  const members = async (chatId: number): Promise<readonly (readonly number[])[]> => {
    const { items } = await expect<{ items: MemberBody[] }>(
      200,
      cluster.base,
      "GET",
      `/v1/chats/${chatId}/members`,
      { token: ann.token },
    );
    return items.map(({ userId, deliveredSeq, readSeq }) => [userId, deliveredSeq, readSeq]);
  };
  const receipt = (
    socket: Socket,
    chatId: number,
    wanted: Partial<FrameOf<"Receipt">>,
  ): Promise<FrameOf<"Receipt">> =>
    socket.frame(
      "Receipt",
      (frame) =>
        frame.chatId === chatId &&
        Object.entries(wanted).every(([name, value]) => Reflect.get(frame, name) === value),
    );

  it("are told live to everybody in the chat, over both formats and on another edge", async () => {
    const chat = await createDirect(cluster.base, ann, bob);
    const anns = await openSocket({ base: edge(0), token: ann.token });
    const bobs = await openSocket({ base: edge(1), token: bob.token, format: "proto" });
    await write(anns, { chatId: chat.id, uuids: ["r-1", "r-2", "r-3"] });
    await bobs.when("the messages", () => (bobs.messages.get(chat.id)?.length === 3 ? true : undefined));
    assert.equal(await unreadOf(bob, chat.id), 3);

    bobs.send({ type: "Delivered", chatId: chat.id, seq: 3 });
    bobs.send({ type: "Read", chatId: chat.id, seq: 2 });
    for (const socket of [anns, bobs]) {
      await receipt(socket, chat.id, { userId: bob.userId, deliveredSeq: 3, readSeq: 2 });
    }
    assert.equal(await unreadOf(bob, chat.id), 1);
    const wanted = [
      [ann.userId, 0, 0],
      [bob.userId, 3, 2],
    ].toSorted(([one = 0], [other = 0]) => one - other);
    assert.deepEqual(await members(chat.id), wanted);
    await Promise.all([anns.close(), bobs.close()]);
  });

  it("go forward only, and are the same by REST and by Sync, with who has read what", async () => {
    const chat = await createGroup(cluster.base, ann, [bob], "receipts");
    const anns = await openSocket({ base: edge(0), token: ann.token });
    await write(anns, { chatId: chat.id, uuids: ["g-1", "g-2"] });
    const read = (seq: number): Promise<unknown> =>
      expect(204, edge(1), "POST", `/v1/chats/${chat.id}/read`, { token: bob.token, body: { seq } });
    await read(3);
    await read(1);
    await receipt(anns, chat.id, { userId: bob.userId, readSeq: 3 });
    const bobs = await openSocket({ base: edge(1), token: bob.token, resume: true });
    const caught = await catchUp(bobs, chat.id, { seq: 3, rev: 0 });
    assert.deepEqual(
      caught.pages.flatMap((page) => page.receipts),
      [{ chatId: chat.id, userId: bob.userId, deliveredSeq: 3, readSeq: 3 }],
    );
    const readers = await expect<{ items: unknown[] }>(
      200,
      cluster.base,
      "GET",
      `/v1/chats/${chat.id}/messages/3/readers`,
      { token: ann.token },
    );
    assert.deepEqual(readers.items, [{ userId: bob.userId, readSeq: 3 }]);
    await Promise.all([anns.close(), bobs.close()]);
  });

  it("are nobody's outside the chat, and not of messages that are not there", async () => {
    const chat = await createGroup(cluster.base, ann, [bob], "ours");
    const eves = await openSocket({ base: edge(0), token: eve.token });
    eves.send({ type: "Read", chatId: chat.id, seq: 1 });
    const refused = await eves.frame("Error", () => true);
    assert.equal(refused.code, "not_found");
    const path = `/v1/chats/${chat.id}/read`;
    const answer = await request<{ code: string }>(cluster.base, "POST", path, {
      token: eve.token,
      body: { seq: 1 },
    });
    assert.deepEqual([answer.status, answer.body.code], [404, "not_found"]);
    const anns = await openSocket({ base: edge(0), token: ann.token });
    anns.send({ type: "Read", chatId: chat.id, seq: 9_000 });
    assert.equal((await anns.frame("Error", () => true)).code, "invalid");
    await Promise.all([eves.close(), anns.close()]);
  });

  it("outlive every process", async () => {
    const chat = await createDirect(cluster.base, bob, eve);
    const eves = await openSocket({ base: edge(1), token: eve.token });
    await write(eves, { chatId: chat.id, uuids: ["o-1", "o-2"] });
    await expect(204, edge(0), "POST", `/v1/chats/${chat.id}/read`, { token: bob.token, body: { seq: 2 } });
    cluster.kill("worker", 0);
    cluster.kill("worker", 1);
    await eves.frame("Receipt", (frame) => frame.chatId === chat.id && frame.readSeq === 2);
    assert.equal(await unreadOf(bob, chat.id), 0);
    await write(eves, { chatId: chat.id, uuids: ["o-3"] });
    assert.equal(await unreadOf(bob, chat.id), 1);
    await eves.close();
  });
});
