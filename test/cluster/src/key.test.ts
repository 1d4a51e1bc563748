/** API keys and chat ACLs: who may do what, on which edge, from when and until when. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ChatBody, MessageBody } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createGroup, expect, type Person, type Problem, readHistory, register, request } from "./rest.ts";
import { openSocket, type Socket, UpgradeRefused } from "./socket.ts";

interface KeyBody {
  readonly id: number;
  readonly key: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

const everything = ["chats:read", "chats:write", "messages:read", "messages:write", "users:read"];
/** Promised, and what a busy machine may add. */
const endedMsMax = 1_000;

describe("an API key", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let chat: ChatBody;
  const [one, two] = [() => cluster.edges[0] as string, () => cluster.edges[1] as string];

  before(async () => {
    cluster = await openCluster({ edges: 2 });
    ann = await register(one(), "ann");
    bob = await register(one(), "bob");
    chat = await createGroup(one(), ann, [bob], "keys");
  });
  after(async () => {
    await cluster?.close();
  });

  function makeKey(owner: Person, scopes: readonly string[], more: object = {}): Promise<KeyBody> {
    const body = { name: "a program", scopes, ...more };
    return expect<KeyBody>(201, one(), "POST", "/v1/apikeys", { token: owner.token, body });
  }
  const status = async (base: string, key: string): Promise<number> =>
    (await request(base, "GET", "/v1/chats", { headers: { "x-api-key": key } })).status;

  async function endsWithin(socket: Socket, ms: number): Promise<number> {
    const from = performance.now();
    const { code } = await socket.closed;
    const took = performance.now() - from;
    assert.ok(took <= ms, `closed after ${Math.round(took)} ms`);
    return code;
  }

  it("[A4] is accepted on every edge, as X-API-Key and as Bearer, and is told once", async () => {
    const { key, ...made } = await makeKey(ann, everything);
    for (const base of cluster.edges) {
      assert.equal(await status(base, key), 200);
      assert.equal((await request(base, "GET", "/v1/chats", { token: key })).status, 200);
      const path = `/v1/apikeys/${made.id}`;
      const seen = await expect<object>(200, base, "GET", path, { token: ann.token });
      assert.ok(!("key" in seen), "told once");
    }
    const sent = await expect<MessageBody>(201, two(), "POST", `/v1/chats/${chat.id}/messages`, {
      headers: { "x-api-key": key },
      body: { body: "from a program" },
    });
    assert.equal(sent.senderId, ann.userId);
  });

  it("[A4] opens a socket from all three places, JSON and protobuf, and sends", async () => {
    const { key } = await makeKey(ann, everything);
    for (const tokenIn of ["subprotocol", "header", "query"] as const) {
      for (const format of ["json", "proto"] as const) {
        const socket = await openSocket({ base: two(), token: key, tokenIn, format });
        await socket.say(chat.id, `key-${tokenIn}-${format}`);
        await socket.close();
      }
    }
  });

  it("[W5] a key's socket hears nothing before it watches, then what it watches, and no more after Unwatch", async () => {
    const { key } = await makeKey(ann, everything);
    const channel = `chat:${chat.id}`;
    for (const [base, format, channels] of [
      [one(), "json", [channel]],
      [two(), "proto", ["all"]],
    ] as const) {
      const anns = await openSocket({ base: two(), token: ann.token });
      const socket = await openSocket({ base, token: key, format });
      await anns.say(chat.id, `unheard-${format}`);
      socket.send({ type: "Watch", channels });
      const watched = await socket.frame("Watched", () => true);
      assert.deepEqual(watched.channels, channels);
      await anns.say(chat.id, `heard-${format}`);
      await socket.frame("Message", ({ uuid }) => uuid === `heard-${format}`);
      socket.send({ type: "Unwatch", channels });
      await socket.frame("Watched", (frame) => frame.channels.length === 0);
      await anns.say(chat.id, `unheard-again-${format}`);
      await socket.ping();
      const uuids = (socket.messages.get(chat.id) ?? []).map(({ uuid }) => uuid);
      assert.deepEqual(uuids, [`heard-${format}`]);
      await Promise.all([anns.close(), socket.close()]);
    }
  });

  it("[A4] revoked on one edge is none on the other, and its sockets are closed with 4401 within 1 s", async () => {
    const [doomed, other] = [await makeKey(ann, everything), await makeKey(ann, everything)];
    const sockets = await Promise.all(
      [one(), two(), two()].map((base) => openSocket({ base, token: doomed.key })),
    );
    const bystanders = [
      await openSocket({ base: two(), token: other.key }),
      await openSocket({ base: two(), token: ann.token }),
    ];
    assert.equal(await status(two(), doomed.key), 200);
    const ends = sockets.map((socket) => endsWithin(socket, endedMsMax));
    await expect(200, one(), "POST", `/v1/apikeys/${doomed.id}/revoke`, { token: ann.token });
    assert.deepEqual(await Promise.all(ends), [4401, 4401, 4401]);
    for (const base of cluster.edges) assert.equal(await status(base, doomed.key), 401);
    await assert.rejects(openSocket({ base: two(), token: doomed.key }), (error) => {
      assert.ok(error instanceof UpgradeRefused && error.status === 401, String(error));
      return true;
    });
    for (const socket of bystanders) {
      await socket.ping();
      await socket.close();
    }
  });

  it("[A4] deleted is gone everywhere too", async () => {
    const doomed = await makeKey(ann, everything);
    const socket = await openSocket({ base: two(), token: doomed.key });
    const end = endsWithin(socket, endedMsMax);
    await expect(204, one(), "DELETE", `/v1/apikeys/${doomed.id}`, { token: ann.token });
    assert.equal(await end, 4401);
    assert.equal((await request(one(), "GET", `/v1/apikeys/${doomed.id}`, { token: ann.token })).status, 404);
  });

  it("[A4] that ends is 401 from then on, and its socket is closed with 4401 within 1 s", async () => {
    const expiresAt = Date.now() + 3_000;
    const { key } = await makeKey(ann, everything, { expiresAt });
    const socket = await openSocket({ base: two(), token: key });
    assert.equal(await status(two(), key), 200);
    const { code } = await socket.closed;
    const late = Date.now() - expiresAt;
    assert.equal(code, 4401);
    assert.ok(late >= 0 && late <= endedMsMax + 200, `${late} ms after its end`);
    assert.equal(await status(two(), key), 401);
  });

  it("[A4] does nothing beyond its scopes: 403 by REST and at the upgrade, Error on a socket", async () => {
    const reads = await makeKey(ann, ["chats:read", "messages:read"]);
    const byKey = { headers: { "x-api-key": reads.key } };
    await expect(200, one(), "GET", `/v1/chats/${chat.id}/messages`, byKey);
    for (const [method, path, body] of [
      ["POST", `/v1/chats/${chat.id}/messages`, { body: "x" }],
      ["POST", "/v1/chats", { type: "group", memberIds: [] }],
      ["GET", "/v1/apikeys", undefined],
      ["GET", "/v1/auth/sessions", undefined],
      ["POST", "/v1/auth/introspect", { token: ann.token }],
    ] as const) {
      const answer = await request<Problem>(two(), method, path, { ...byKey, body });
      assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], `${method} ${path}`);
    }
    const socket = await openSocket({ base: two(), token: reads.key });
    const answer = await socket.submit(chat.id, "k-1", "not allowed");
    assert.ok(answer.type === "Error" && answer.code === "forbidden", JSON.stringify(answer));
    await socket.close();
    const writes = await makeKey(ann, ["messages:write"]);
    await assert.rejects(openSocket({ base: two(), token: writes.key }), (error) => {
      assert.ok(error instanceof UpgradeRefused && error.status === 403, String(error));
      return true;
    });
  });

  it("[A6] of a chat's ACL may do less than its owner, and its owner still all", async () => {
    const [mine, free] = [await makeKey(ann, everything), await makeKey(ann, everything)];
    const path = `/v1/chats/${chat.id}/acl/key:${mine.id}`;
    await expect(200, one(), "PUT", path, { token: ann.token, body: { canSend: false } });
    const send = async (base: string, key: string) =>
      (
        await request(base, "POST", `/v1/chats/${chat.id}/messages`, {
          headers: { "x-api-key": key },
          body: { body: "x" },
        })
      ).status;
    for (const base of cluster.edges) {
      assert.equal(await send(base, mine.key), 403);
      assert.equal(await send(base, free.key), 201);
    }
    const socket = await openSocket({ base: two(), token: mine.key });
    const answer = await socket.submit(chat.id, "k-2", "not allowed");
    assert.ok(answer.type === "Error" && answer.code === "forbidden", JSON.stringify(answer));
    await expect(204, two(), "DELETE", path, { token: ann.token });
    await socket.say(chat.id, "k-3");
    await socket.close();
  });
});

describe("a chat's ACL", () => {
  let cluster: Cluster;
  let people: readonly [Person, Person, Person];
  let chat: ChatBody;
  const [one, two] = [() => cluster.edges[0] as string, () => cluster.edges[1] as string];

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    people = [await register(one(), "ann"), await register(one(), "bob"), await register(one(), "eve")];
    chat = await createGroup(one(), people[0], [people[1]], "acl");
  });
  after(async () => {
    await cluster?.close();
  });

  const put = (who: Person, of: Person, entry: object) =>
    request<Problem>(two(), "PUT", `/v1/chats/${chat.id}/acl/user:${of.userId}`, {
      token: who.token,
      body: entry,
    });
  const statuses = async (who: Person): Promise<readonly number[]> => {
    const answers = [
      await request(one(), "GET", `/v1/chats/${chat.id}`, { token: who.token }),
      await request(two(), "GET", `/v1/chats/${chat.id}/messages`, { token: who.token }),
      await request(one(), "GET", `/v1/chats/${chat.id}/members`, { token: who.token }),
      await request(two(), "POST", `/v1/chats/${chat.id}/messages`, {
        token: who.token,
        body: { body: "x" },
      }),
    ];
    return answers.map(({ status }) => status);
  };

  it("[A6] is for whoever manages the chat, and hides the chat from strangers", async () => {
    const [ann, bob, eve] = people;
    const path = `/v1/chats/${chat.id}/acl`;
    assert.equal((await put(bob, eve, { canRead: true })).status, 403);
    assert.equal((await put(eve, eve, { canRead: true })).status, 404);
    assert.equal((await request(one(), "GET", path, { token: eve.token })).status, 404);
    assert.equal((await request(one(), "GET", path, { token: bob.token })).status, 403);
    assert.deepEqual(await expect(200, one(), "GET", path, { token: ann.token }), {
      items: [],
      nextCursor: null,
    });
    for (const subject of ["user:0", "bot:5", "user:x", "5"]) {
      const answer = await request<Problem>(one(), "PUT", `${path}/${subject}`, {
        token: ann.token,
        body: {},
      });
      assert.deepEqual([answer.status, answer.body.code], [400, "invalid"], subject);
    }
  });

  it("[A6] mutes a member by canSend and lets a stranger read by canRead, until it is taken back", async () => {
    const [ann, bob, eve] = people;
    assert.deepEqual(await statuses(eve), [404, 404, 404, 404]);
    assert.equal((await put(ann, bob, { canSend: false })).status, 200);
    assert.equal((await put(ann, eve, { canRead: true, canSend: false, canManage: false })).status, 200);
    assert.deepEqual(await statuses(bob), [200, 200, 200, 403]);
    assert.deepEqual(await statuses(eve), [200, 200, 200, 403]);
    const path = `/v1/chats/${chat.id}/acl`;
    const { items } = await expect<{ items: readonly object[] }>(200, one(), "GET", path, {
      token: ann.token,
    });
    assert.deepEqual(items, [
      { subject: `user:${bob.userId}`, canRead: null, canSend: false, canManage: null },
      { subject: `user:${eve.userId}`, canRead: true, canSend: false, canManage: false },
    ]);
    const page = async (query: string): Promise<{ items: readonly object[]; nextCursor: string | null }> =>
      expect(200, one(), "GET", `${path}?limit=1${query}`, { token: ann.token });
    const [first, second] = [await page(""), await page(`&cursor=user:${bob.userId}`)];
    assert.deepEqual([first.nextCursor, first.items], [`user:${bob.userId}`, items.slice(0, 1)]);
    assert.deepEqual(second.items, items.slice(1));
    assert.equal((await request(one(), "GET", `${path}?cursor=5`, { token: ann.token })).status, 400);
    // A stranger who may read follows the chat by Sync.
    const socket = await openSocket({ base: two(), token: eve.token });
    socket.send({ type: "Sync", chats: { [chat.id]: { seq: 0, rev: 0 } } });
    await socket.frame("SyncResult", ({ chatId, more }) => chatId === chat.id && !more);
    await expect(201, one(), "POST", `/v1/chats/${chat.id}/messages`, {
      token: ann.token,
      body: { body: "for eve too" },
    });
    await socket.frame("Message", ({ body }) => body === "for eve too");
    for (const who of [bob, eve]) {
      await expect(204, one(), "DELETE", `${path}/user:${who.userId}`, { token: ann.token });
    }
    await socket.frame(
      "AccessChanged",
      ({ subject, mayRead }) => subject === `user:${eve.userId}` && !mayRead,
    );
    await expect(201, one(), "POST", `/v1/chats/${chat.id}/messages`, {
      token: ann.token,
      body: { body: "not for eve" },
    });
    await socket.ping();
    assert.ok(!socket.journal.some((frame) => frame.type === "Message" && frame.body === "not for eve"));
    await socket.close();
    assert.deepEqual(await statuses(bob), [200, 200, 200, 201]);
    assert.deepEqual(await statuses(eve), [404, 404, 404, 404]);
  });

  it("[A6] takes reading: out of the room at once and on every edge; given back, what follows is live again", async () => {
    const [ann, bob] = people;
    const path = `/v1/chats/${chat.id}/messages`;
    const say = (body: string) =>
      expect<MessageBody>(201, one(), "POST", path, { token: ann.token, body: { body } });
    const sockets = [
      await openSocket({ base: one(), token: bob.token }),
      await openSocket({ base: two(), token: bob.token, format: "proto" }),
    ];
    await say("heard by bob");
    for (const socket of sockets) await socket.frame("Message", ({ body }) => body === "heard by bob");
    assert.equal((await put(ann, bob, { canRead: false })).status, 200);
    const hidden = await say("hidden from bob");
    for (const socket of sockets) await socket.frame("ChatRemoved", ({ chatId }) => chatId === chat.id);
    assert.deepEqual((await statuses(bob)).slice(0, 3), [403, 403, 403]);
    const { items } = await expect<{ items: readonly ChatBody[] }>(200, two(), "GET", "/v1/chats", {
      token: bob.token,
    });
    assert.ok(!items.some(({ id }) => id === chat.id), "lists tell of messages");
    const [first] = sockets;
    first?.send({ type: "Sync", chats: { [chat.id]: { seq: 0, rev: 0 } } });
    await first?.frame("Error", ({ code }) => code === "not_found");

    const marks = sockets.map(({ journal }) => journal.length);
    assert.equal((await put(ann, bob, {})).status, 200);
    const given = await say("heard again");
    for (const [index, socket] of sockets.entries()) {
      const after = marks[index] ?? 0;
      await socket.frame("ChatAdded", (frame) => frame.chat.id === chat.id, { after });
      await socket.frame("Message", ({ seq }) => seq === given.seq, { after });
      const live = socket.messages.get(chat.id) ?? [];
      assert.ok(!live.some(({ seq }) => seq === hidden.seq), "what was hidden is history, not news");
      await socket.close();
    }
    const history = await readHistory(two(), bob, chat.id);
    assert.ok(
      history.items.some(({ seq }) => seq === hidden.seq),
      "history is whole",
    );
  });

  it("[A6] canManage makes an admin", async () => {
    const [ann, bob, eve] = people;
    const rename = async () =>
      (await request(one(), "PATCH", `/v1/chats/${chat.id}`, { token: bob.token, body: { title: "bob's" } }))
        .status;
    assert.equal(await rename(), 403);
    assert.equal((await put(ann, bob, { canManage: true })).status, 200);
    assert.equal(await rename(), 200);
    assert.equal((await put(bob, eve, { canRead: true })).status, 200);
    assert.equal((await put(bob, ann, { canSend: false })).status, 403, "nobody binds the owner");
  });
});
