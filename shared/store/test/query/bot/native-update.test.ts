/** Updates of bots of our own: their numbers, who has them, and when they are gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  claimShards,
  confirmUpdates,
  ensureCluster,
  inTransaction,
  insertNativeBot,
  insertUser,
  type JobFence,
  listShards,
  numberUpdates,
  queuedUpdates,
  readUpdates,
  sweepUpdates,
  takeUpdates,
  unnumberedBots,
  writeNativeWebhook,
} from "../../../src/mod.ts";
import { nowMs, openTestStore } from "../../cluster.ts";

const { store } = await openTestStore();
await ensureCluster(store, { shards: 1, hashVersion: 1 });
const claim = async (owner: string): Promise<JobFence> => {
  const [row] = await claimShards(store, "job", await listShards(store, "job"), owner);
  return { shard: 0, epoch: row?.epoch ?? 0 };
};
let fence = await claim("first");
let bots = 0;

async function makeBot(): Promise<number> {
  const username = `bot_${++bots}`;
  const sealed = { keyId: "k", box: Buffer.from("box") };
  const user = await insertUser(store, {
    username,
    email: null,
    displayName: username,
    passwordHash: null,
    role: "member",
    isBot: true,
    createdMs: nowMs,
  });
  await inTransaction(store, (db) =>
    insertNativeBot(db, {
      id: user.id,
      ownerId: user.id,
      username,
      token: sealed,
      tokenDigest: Buffer.from(username),
      secret: sealed,
      secretDigest: Buffer.alloc(32),
      requestUuid: null,
      createdMs: nowMs,
    }),
  );
  return user.id;
}

/** `chat/place` each, as commits leave them: the word in the payload is `chat/place` too. */
async function write(botId: number, ...words: readonly string[]): Promise<void> {
  for (const word of words) {
    const [chatId, place] = word.split("/").map(Number);
    await store.query(
      `insert into bot_update (bot_id, type, chat_id, place, queue, payload, created_ms, expires_ms)
       values ($1, 'message', $2, $3, $4, $5, $6::bigint, $6::bigint + 1000)`,
      [botId, chatId, place, `chat:${chatId}`, JSON.stringify(word), nowMs],
    );
  }
}

const number = (botId: number, limit = 100) => numberUpdates(store, [fence], [{ botId, shard: 0 }], limit);

async function ask(botId: number, offset = 0, consumer = "", limit = 100): Promise<string[]> {
  const asked = [{ botId, shard: 0, consumer, offset, limit }];
  await confirmUpdates(store, [fence], asked, nowMs);
  const [read] = await readUpdates(store, asked, nowMs);
  return (read?.updates ?? []).map(({ updateId, payload }) => `${updateId}:${payload as unknown as string}`);
}

const left = async (botId: number) =>
  (await store.query<{ count: number }>("select count(*) from bot_update where bot_id = $1", [botId])).rows[0]
    ?.count;

test("[L4] numbers have no gaps and keep each chat's order, whatever the rows' own", async () => {
  const botId = await makeBot();
  await write(botId, "7/2", "7/1", "3/5");
  assert.deepEqual(await unnumberedBots(store), [botId]);
  assert.deepEqual([...(await number(botId, 2)).more], [botId]);
  assert.deepEqual([...(await number(botId, 2)).more], []);
  await write(botId, "3/6");
  await number(botId);
  assert.deepEqual(await ask(botId), ["1:3/5", "2:7/1", "3:7/2", "4:3/6"]);
  assert.deepEqual(await unnumberedBots(store), []);
});

test("[L2] whoever was deposed numbers nothing and confirms nothing", async () => {
  const botId = await makeBot();
  await write(botId, "1/1");
  const old = fence;
  fence = await claim("second");
  assert.equal((await numberUpdates(store, [old], [{ botId, shard: 0 }], 10)).botIds.size, 0);
  await number(botId);
  await confirmUpdates(store, [old], [{ botId, shard: 0, consumer: "", offset: 2, limit: 1 }], nowMs);
  assert.deepEqual(await ask(botId), ["1:1/1"]);
});

test("an offset above 0 forgets what is below, 0 forgets nothing, one below 0 keeps the last", async () => {
  const botId = await makeBot();
  await write(botId, "1/1", "1/2", "1/3", "1/4", "1/5");
  await number(botId);
  assert.deepEqual(await ask(botId, 0, "", 2), ["1:1/1", "2:1/2"]);
  assert.deepEqual(await ask(botId, 0, "", 2), ["1:1/1", "2:1/2"]);
  assert.deepEqual(await ask(botId, 3, "", 1), ["3:1/3"]);
  assert.equal(await left(botId), 3);
  assert.deepEqual(await ask(botId, -2), ["4:1/4", "5:1/5"]);
  assert.equal(await left(botId), 2);
  assert.deepEqual(await ask(botId, 6), []);
  assert.equal(await left(botId), 0);
  await write(botId, "1/6");
  await number(botId);
  assert.deepEqual(await ask(botId), ["6:1/6"]);
});

test("every consumer sees every update in order from its own place, and what all have is gone", async () => {
  const botId = await makeBot();
  await write(botId, "1/1", "1/2", "1/3");
  await number(botId);
  assert.deepEqual(await ask(botId, 0, "stats", 1), ["1:1/1"]);
  assert.deepEqual(await ask(botId, 4), []);
  assert.equal(await left(botId), 3, "the other has nothing yet");
  assert.deepEqual(await ask(botId), [], "the bot has them");
  assert.deepEqual(await ask(botId, 3, "stats"), ["3:1/3"]);
  assert.equal(await left(botId), 1);
  assert.deepEqual(await ask(botId, 0, "stats"), ["3:1/3"], "where it was");
  assert.deepEqual(await ask(botId, 4, "stats"), []);
  assert.equal(await left(botId), 0);
});

test("a consumer alone holds nobody else's; one that is silent for a week is forgotten", async () => {
  const botId = await makeBot();
  await write(botId, "1/1", "1/2");
  await number(botId);
  await ask(botId, 2, "audit");
  assert.equal(await left(botId), 1, "nobody else has ever asked");
  await store.query("update bot_consumer set seen_ms = seen_ms - 8::bigint * 86400000 where bot_id = $1", [
    botId,
  ]);
  assert.deepEqual(await ask(botId, 3), []);
  assert.equal(await left(botId), 0);
});

test("what a webhook took is gone out of turn, but not before others have it; its bot cannot ask", async () => {
  const botId = await makeBot();
  await write(botId, "1/1", "2/2", "1/3");
  await number(botId);
  const webhook = { url: "http://a.example/", maxConnections: 40, ip: null, secret: null };
  const set = (dropPending: boolean) =>
    inTransaction(store, (db) => writeNativeWebhook(db, botId, webhook, { dropPending, nowMs }));
  assert.equal(await set(false), true);
  assert.equal(await set(false), false);
  const [own] = await readUpdates(store, [{ botId, shard: 0, consumer: "", offset: 0, limit: 9 }], nowMs);
  assert.deepEqual([own?.hasWebhook, own?.updates], [true, []]);
  await takeUpdates(store, [fence], [{ botId, shard: 0, updateId: 2 }], nowMs);
  assert.equal(await left(botId), 2);
  assert.deepEqual(await ask(botId, 0, "stats"), ["1:1/1", "3:2/2"]);
  await takeUpdates(store, [fence], [{ botId, shard: 0, updateId: 1 }], nowMs);
  assert.equal(await left(botId), 2, "stats has not");
  const page = { after: 0, queue: null, limit: 10 };
  assert.deepEqual(
    (await queuedUpdates(store, botId, page, nowMs)).map((each) => each.updateId),
    [3],
  );
  await ask(botId, 2, "stats");
  assert.equal(await left(botId), 1);
  await set(true);
  assert.deepEqual(await queuedUpdates(store, botId, page, nowMs), []);
  assert.deepEqual(await ask(botId, 0, "stats"), ["3:2/2"]);
});

test("what has had its time is not told, and swept", async () => {
  const botId = await makeBot();
  await write(botId, "1/1");
  await number(botId);
  const asked = [{ botId, shard: 0, consumer: "", offset: 0, limit: 9 }];
  assert.deepEqual((await readUpdates(store, asked, nowMs + 1_000))[0]?.updates, []);
  const before = await left(botId);
  await sweepUpdates(store, nowMs + 1_000, 1_000);
  assert.deepEqual([before, await left(botId)], [1, 0]);
});
