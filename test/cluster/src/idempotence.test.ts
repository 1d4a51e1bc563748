/** A repeat, however late and through whichever door, returns the first outcome and changes nothing. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { MessageBody } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { orderFaults } from "./order-check.ts";
import {
  createDirect,
  createGroup,
  expect,
  login,
  type Person,
  readHistory,
  register,
  request,
} from "./rest.ts";
import { openSocket } from "./socket.ts";

describe("repeats", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  const edge = (index: number): string => cluster.edges[index] as string;

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    [ann, bob] = await Promise.all([register(edge(0), "ann"), register(edge(0), "bob")]);
  });
  after(() => cluster?.close());

  async function newGroup(): Promise<{ id: number; headSeq: number }> {
    const chat = await createGroup(edge(0), ann, [bob], "repeats");
    return await expect(200, edge(0), "GET", `/v1/chats/${chat.id}`, { token: ann.token });
  }

  it("[L3] a repeated uuid answers the first seq with duplicate, and history keeps the first body", async () => {
    const chat = await newGroup();
    const socket = await openSocket({ base: edge(0), token: ann.token });
    const elsewhere = await openSocket({ base: edge(1), token: ann.token, format: "proto" });
    const first = await socket.say(chat.id, "once", "the first body");
    assert.equal(first.duplicate, false);
    assert.equal(first.seq, chat.headSeq + 1);
    for (const each of [socket, elsewhere, socket]) {
      const again = await each.say(chat.id, "once", "another body");
      assert.deepEqual(
        [again.seq, again.rev, again.ts, again.duplicate],
        [first.seq, first.rev, first.ts, true],
      );
    }
    const next = await elsewhere.say(chat.id, "next");
    assert.equal(next.seq, first.seq + 1, "a repeat burns no seq");
    const { items } = await readHistory(edge(1), bob, chat.id, chat.headSeq);
    assert.deepEqual(
      items.map(({ uuid, body }) => [uuid, body]),
      [
        ["once", "the first body"],
        ["next", "next"],
      ],
    );
    await socket.ping();
    assert.equal(socket.messages.get(chat.id)?.filter(({ uuid }) => uuid === "once").length, 1);
    await Promise.all([socket.close(), elsewhere.close()]);
  });

  it("[L3] many repeats at the same instant, through two edges, are one message", async () => {
    const chat = await newGroup();
    const sockets = await Promise.all(
      [0, 1, 0, 1].map((index) => openSocket({ base: edge(index), token: ann.token })),
    );
    for (let round = 0; round < 20; round++) {
      const acks = await Promise.all(
        sockets.map((socket) => socket.say(chat.id, `r${round}`, `by ${round}`)),
      );
      assert.equal(new Set(acks.map(({ seq }) => seq)).size, 1);
      assert.equal(acks.filter(({ duplicate }) => !duplicate).length, 1, "exactly one is the first");
      assert.equal(acks[0]?.seq, chat.headSeq + 1 + round);
    }
    const { items } = await readHistory(edge(0), ann, chat.id, chat.headSeq);
    const range = { first: chat.headSeq + 1, last: chat.headSeq + 20 };
    assert.deepEqual(orderFaults("history", items, range), []);
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  it("[L3] one frame sent twice in one breath is one message", async () => {
    const chat = await newGroup();
    const socket = await openSocket({ base: edge(0), token: ann.token });
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 50; index++) {
        socket.send({ type: "SendMessage", uuid: `t${index}`, chatId: chat.id, body: "x" });
      }
    }
    await socket.when("100 acks", () => {
      const acks = socket.journal.filter((frame) => frame.type === "Ack");
      return acks.length === 100 ? acks : undefined;
    });
    const { headSeq } = await readHistory(edge(0), ann, chat.id, chat.headSeq);
    assert.equal(headSeq, chat.headSeq + 50);
    await socket.close();
  });

  it("[L3] the scope is chat and sender: the same uuid of another, or in another chat, is another message", async () => {
    const [one, other] = [await newGroup(), await newGroup()];
    const mine = await openSocket({ base: edge(0), token: ann.token });
    const his = await openSocket({ base: edge(1), token: bob.token });
    const acks = [
      await mine.say(one.id, "same"),
      await his.say(one.id, "same"),
      await mine.say(other.id, "same"),
    ];
    assert.deepEqual(
      acks.map(({ seq, duplicate }) => [seq, duplicate]),
      [
        [one.headSeq + 1, false],
        [one.headSeq + 2, false],
        [other.headSeq + 1, false],
      ],
    );
    await Promise.all([mine.close(), his.close()]);
  });

  it("[L3] over REST a repeat by uuid or Idempotency-Key answers 200 with the first message", async () => {
    const chat = await newGroup();
    const path = `/v1/chats/${chat.id}/messages`;
    const post = (base: string, body: unknown, headers: Record<string, string> = {}) =>
      request<MessageBody>(base, "POST", path, { token: ann.token, body, headers });

    const first = await post(edge(0), { uuid: "by-uuid", body: "first" });
    const again = await post(edge(1), { uuid: "by-uuid", body: "second" });
    assert.deepEqual([first.status, again.status], [201, 200], `${first.text} ${again.text}`);
    assert.deepEqual([again.body.seq, again.body.body], [first.body.seq, "first"]);

    const key = { "idempotency-key": "by-key" };
    const keyed = await post(edge(0), { body: "first" }, key);
    const repeat = await post(edge(1), { body: "second" }, key);
    assert.deepEqual([keyed.status, repeat.status], [201, 200], `${keyed.text} ${repeat.text}`);
    assert.equal(keyed.body.seq, first.body.seq + 1);
    assert.deepEqual([repeat.body.seq, repeat.body.body], [keyed.body.seq, "first"]);

    // The same name through the other door is the same command.
    const socket = await openSocket({ base: edge(0), token: ann.token });
    const ack = await socket.say(chat.id, "by-uuid", "third");
    assert.deepEqual([ack.seq, ack.duplicate], [first.body.seq, true]);
    await socket.close();
  });

  it("[L3] a group asked for twice with one Idempotency-Key is one group", async () => {
    const ask = (base: string) =>
      request<{ id: number; title: string }>(base, "POST", "/v1/chats", {
        token: ann.token,
        body: { type: "group", memberIds: [bob.userId], title: "once" },
        headers: { "idempotency-key": "the-group" },
      });
    const first = await ask(edge(0));
    const again = await ask(edge(1));
    assert.deepEqual([first.status, again.status], [201, 200], `${first.text} ${again.text}`);
    assert.equal(again.body.id, first.body.id);
    const his = await request<{ id: number }>(edge(0), "POST", "/v1/chats", {
      token: bob.token,
      body: { type: "group", memberIds: [ann.userId], title: "once" },
      headers: { "idempotency-key": "the-group" },
    });
    assert.equal(his.status, 201, "a key is its owner's alone");
    assert.notEqual(his.body.id, first.body.id);
  });

  it("[L3] a link asked for twice under one Idempotency-Key is one link, and leads into the chat", async () => {
    const chat = await newGroup();
    const ask = (base: string, key: string) =>
      request<{ code: string }>(base, "POST", `/v1/chats/${chat.id}/links`, {
        token: ann.token,
        body: { name: "the door" },
        headers: { "idempotency-key": key },
      });
    const first = await ask(edge(0), "link-1");
    const again = await ask(edge(1), "link-1");
    assert.deepEqual([first.status, again.status], [201, 200], `${first.text} ${again.text}`);
    assert.deepEqual(again.body, first.body);
    const fay = await register(edge(0), "fay");
    for (const { body } of [first, again]) {
      await expect(200, edge(1), "GET", `/v1/invites/${body.code}`, { token: fay.token });
    }
    const { items } = await expect<{ items: readonly unknown[] }>(
      200,
      edge(1),
      "GET",
      `/v1/chats/${chat.id}/links`,
      { token: ann.token },
    );
    assert.equal(items.length, 1);
    assert.notEqual((await ask(edge(0), "link-2")).body.code, first.body.code);
  });

  it("[L3] who logs out, or ends the session that asks, is answered as at first under one Idempotency-Key", async () => {
    const gus = await register(edge(0), "gus");
    const headers = { "idempotency-key": "leave" };
    for (const way of ["logout", "logout-all", "own"] as const) {
      const { token } = await login(edge(0), gus);
      const { items } = await expect<{ items: readonly { id: number; current: boolean }[] }>(
        200,
        edge(0),
        "GET",
        "/v1/auth/sessions",
        { token },
      );
      const [method, path] =
        way === "own"
          ? (["DELETE", `/v1/auth/sessions/${items.find(({ current }) => current)?.id}`] as const)
          : (["POST", `/v1/auth/${way}`] as const);
      for (const base of [edge(0), edge(0), edge(1)])
        await expect(204, base, method, path, { token, headers });
      assert.equal((await request(edge(0), method, path, { token })).status, 401, `${way} without a name`);
      const me = await request(edge(0), "GET", "/v1/users/me", { token, headers });
      assert.equal(me.status, 401, "nothing else is answered");
    }
    // The end of one session is not the end of all, nor of another.
    const { token } = await login(edge(0), gus);
    await expect(204, edge(0), "POST", "/v1/auth/logout", { token });
    for (const path of ["/v1/auth/logout-all", "/v1/auth/sessions/1"]) {
      const method = path.endsWith("all") ? "POST" : "DELETE";
      assert.equal((await request(edge(0), method, path, { token, headers })).status, 401, path);
    }
  });

  it("[L3] a key, an endpoint and a bot ended twice under one Idempotency-Key are ended once; without it, not there", async () => {
    const token = ann.token;
    const made = async (path: string, body: object): Promise<string> => {
      const { id } = await expect<{ id: number }>(201, edge(0), "POST", path, { token, body });
      return `${path}/${id}`;
    };
    const chat = await newGroup();
    for (const path of [
      await made("/v1/apikeys", { name: "twice", scopes: ["chats:read"] }),
      await made("/v1/webhooks", { url: "http://127.0.0.1:9/", scope: "chat", chatId: chat.id }),
      await made("/v1/bots", { username: "twice_bot", displayName: "Twice", mode: "native" }),
    ]) {
      const headers = { "idempotency-key": "end-it" };
      for (const base of cluster.edges) await expect(204, base, "DELETE", path, { token, headers });
      assert.equal((await request(edge(0), "DELETE", path, { token })).status, 404, path);
      assert.equal((await request(edge(0), "DELETE", path, { token: bob.token, headers })).status, 404, path);
    }
  });

  it("[L3] a second direct chat with the same person is the first, with 200, from either side", async () => {
    const [carl, dora] = await Promise.all([register(edge(0), "carl"), register(edge(0), "dora")]);
    const chat = await createDirect(edge(0), carl, dora);
    for (const [from, to] of [
      [carl, dora],
      [dora, carl],
    ] as const) {
      const again = await request<{ id: number }>(edge(1), "POST", "/v1/chats", {
        token: from.token,
        body: { type: "direct", memberIds: [to.userId] },
      });
      assert.deepEqual([again.status, again.body.id], [200, chat.id], again.text);
    }
  });

  it("[L3] an invitation repeated adds nobody and tells who is there already", async () => {
    const chat = await newGroup();
    const eve = await register(edge(0), "eve");
    const invite = (base: string, key: string) =>
      request<{ added: readonly number[]; already: readonly number[] }>(
        base,
        "POST",
        `/v1/chats/${chat.id}/invite`,
        { token: ann.token, body: { userIds: [eve.userId] }, headers: { "idempotency-key": key } },
      );
    const first = await invite(edge(0), "invite-1");
    assert.deepEqual(first.body.added, [eve.userId], first.text);
    const repeat = await invite(edge(1), "invite-1");
    assert.deepEqual([repeat.status, repeat.body.added], [200, [eve.userId]], repeat.text);
    const anew = await invite(edge(1), "invite-2");
    assert.deepEqual([anew.body.added, anew.body.already], [[], [eve.userId]], anew.text);
    const { items } = await readHistory(edge(0), eve, chat.id);
    assert.equal(items.filter(({ kind }) => kind === "service").length, chat.headSeq + 1, "one joined");
  });

  it("[L3] after a restart of everything a repeat still answers the first seq with duplicate", async () => {
    const chat = await newGroup();
    const path = `/v1/chats/${chat.id}/messages`;
    const early = await openSocket({ base: edge(0), token: ann.token });
    const first = await early.say(chat.id, "lasting", "first");
    const keyed = await expect<MessageBody>(201, edge(0), "POST", path, {
      token: ann.token,
      body: { body: "keyed" },
      headers: { "idempotency-key": "lasting-key" },
    });
    await early.close();
    await cluster.restart();
    ann = await login(edge(0), ann);
    const late = await openSocket({ base: edge(1), token: ann.token });
    const again = await late.say(chat.id, "lasting", "second");
    assert.deepEqual([again.seq, again.ts, again.duplicate], [first.seq, first.ts, true]);
    const repeat = await request<MessageBody>(edge(0), "POST", path, {
      token: ann.token,
      body: { body: "other" },
      headers: { "idempotency-key": "lasting-key" },
    });
    assert.deepEqual([repeat.status, repeat.body.seq, repeat.body.body], [200, keyed.seq, "keyed"]);
    const next = await late.say(chat.id, "after the restart".replaceAll(" ", "-"));
    assert.equal(next.seq, keyed.seq + 1);
    await late.close();
  });
});
