import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { redisUrl, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  allSockets,
  type Cache,
  type MirroredSocket,
  openCache,
  openSocketMirror,
  socketsOf,
} from "../src/mod.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const withinMs = 5_000;

async function open(t: TestContext): Promise<Cache> {
  const cache = openCache({ url: await redisUrl(), log });
  t.after(() => cache.close());
  await until(() => cache.ready, { withinMs });
  return cache;
}

/** An edge, and what it really has. */
function openEdge(cache: Cache, edge: string, now: () => number = Date.now) {
  const there = new Map<string, MirroredSocket>();
  const byUser = new Map<number, Set<MirroredSocket>>();
  const mirror = openSocketMirror({
    cache,
    edge,
    now,
    log,
    users: {
      ids: () => byUser.keys(),
      get size() {
        return byUser.size;
      },
    },
    socketsOf: (userId) => byUser.get(userId) ?? [],
  });
  const take = (socket: MirroredSocket | undefined) => {
    const sockets = byUser.get(socket?.userId ?? 0);
    if (socket !== undefined) sockets?.delete(socket);
    if (socket !== undefined && sockets?.size === 0) byUser.delete(socket.userId);
  };
  return {
    there,
    mirror,
    put(
      userId: number,
      sinceMs: number,
      status: "online" | "away" = "online",
      connId = randomUUID() as string,
    ) {
      const socket = { userId, connId, edge, device: "web", sinceMs, status, keyId: null };
      take(there.get(connId));
      there.set(connId, socket);
      byUser.set(userId, (byUser.get(userId) ?? new Set()).add(socket));
      mirror.put(socket);
      return socket;
    },
    drop(socket: MirroredSocket) {
      take(there.get(socket.connId));
      there.delete(socket.connId);
      mirror.drop(socket);
    },
  };
}

test("a user's sockets are found on all edges, the oldest first; what changes or goes is known in a moment", async (t) => {
  const cache = await open(t);
  const user = randomInt(2 ** 40);
  const [one, two] = [openEdge(cache, `one-${user}`), openEdge(cache, `two-${user}`)];
  t.after(() => Promise.all([one.mirror.close(), two.mirror.close()]));
  const first = one.put(user, 20);
  const second = two.put(user, 10);
  two.put(user + 1, 5);
  const found = () => socketsOf(cache, user, Date.now());
  await until(async () => (await found()).length === 2, { withinMs });
  assert.deepEqual(await found(), [second, first]);
  one.put(user, 20, "away", first.connId);
  two.drop(second);
  await until(async () => (await found()).map(({ status }) => status).join() === "away", { withinMs });
  const all = await allSockets(cache, 100_000, Date.now());
  assert.equal(all.filter(({ edge }) => edge.endsWith(`-${user}`)).length, 2);
});

test("[L10] emptied, it is whole again within seconds, without a word of anybody", async (t) => {
  const cache = await open(t);
  const user = randomInt(2 ** 40);
  const edge = openEdge(cache, `lost-${user}`);
  t.after(() => edge.mirror.close());
  const sockets = Array.from({ length: 3_000 }, (_, index) => edge.put(user + (index % 1_500), index));
  const found = async () =>
    (await allSockets(cache, 1_000_000, Date.now())).filter((each) => each.edge === `lost-${user}`);
  await until(async () => (await found()).length === sockets.length, { withinMs });
  const keys = await cache.redis.keys(`rookery:sockets:*:lost-${user}`);
  // Not FLUSHALL: other tests use this server too.
  await cache.redis.del(...keys, "rookery:edges");
  assert.ok((await found()).length < sockets.length);
  await until(async () => (await found()).length === sockets.length, { withinMs });
});

test("all is written again in the course of five minutes, a part at a time", async (t) => {
  const cache = await open(t);
  const user = randomInt(2 ** 40);
  let nowMs = Date.now();
  const edge = openEdge(cache, `slow-${user}`, () => nowMs);
  t.after(() => edge.mirror.close());
  for (let index = 0; index < 300; index++) edge.put(user + index, index);
  const keys = () => cache.redis.keys(`rookery:sockets:*:slow-${user}`);
  await until(async () => (await keys()).length === 300, { withinMs });
  // What is told now is written after the first writing, whole as that is, has ended.
  edge.drop(edge.put(user, 1));
  const last = edge.put(user, 2);
  await until(
    async () => (await socketsOf(cache, user, Date.now())).some(({ connId }) => connId === last.connId),
    {
      withinMs,
    },
  );
  // Only these are lost, so that the edge does not notice.
  await cache.redis.del(...(await keys()));
  nowMs += 10_000;
  await until(async () => (await keys()).length === 10, { withinMs });
  nowMs += 20_000;
  await until(async () => (await keys()).length === 30, { withinMs });
  for (let second = 3; second < 30; second += 3) {
    nowMs += 30_000;
    await until(async () => (await keys()).length === 30 + (second / 3) * 30, { withinMs });
  }
});

test("who goes while nothing can be written is taken out later", async (t) => {
  const cache = await open(t);
  const user = randomInt(2 ** 40);
  let ready = true;
  const away = Object.create(cache, { ready: { get: () => ready } }) as Cache;
  const edge = openEdge(away, `away-${user}`);
  t.after(() => edge.mirror.close());
  const socket = edge.put(user, 1);
  const found = () => socketsOf(cache, user, Date.now());
  await until(async () => (await found()).length === 1, { withinMs });
  ready = false;
  edge.drop(socket);
  edge.put(user + 1, 2);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await found()).length, 1, "nothing is written meanwhile");
  ready = true;
  await until(async () => (await found()).length === 0, { withinMs });
  await until(async () => (await socketsOf(cache, user + 1, Date.now())).length === 1, { withinMs });
});

test("an edge that is gone is not looked at, and its keys end by themselves", async (t) => {
  const cache = await open(t);
  const user = randomInt(2 ** 40);
  const edge = openEdge(cache, `gone-${user}`);
  edge.put(user, 1);
  await until(async () => (await socketsOf(cache, user, Date.now())).length === 1, { withinMs });
  const endsMs = await cache.redis.pttl(`rookery:sockets:${user}:gone-${user}`);
  assert.ok(endsMs > 0 && endsMs <= 900_000, `${endsMs} ms`);
  const laterMs = Date.now() + 91_000;
  assert.deepEqual(await socketsOf(cache, user, laterMs), [], "by its last word");
  assert.deepEqual(
    (await allSockets(cache, 1_000_000, laterMs)).filter((each) => each.userId === user),
    [],
  );
  await edge.mirror.close();
  assert.deepEqual(await socketsOf(cache, user, Date.now()), []);
});
