/** Broadcasts on real rows; the chats and the sender are played by the test. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { shardOf } from "@rookery/protocol";
import {
  type BroadcastRow,
  inTransaction,
  insertBroadcast,
  insertTargets,
  readBroadcast,
  type RelayRow,
  startBroadcast,
  steerBroadcast,
} from "@rookery/store";
import { type Broadcaster, startBroadcaster } from "../../src/telegram/broadcaster.ts";
import { openCourierFixture } from "../courier-fixture.ts";

const withinMs = 10_000;
const window = 60;
const fixture = await openCourierFixture("broadcast test");
const { store, shards, log } = fixture;
const running = new Set<Broadcaster>();
after(async () => {
  for (const broadcaster of running) await broadcaster.close();
  await fixture.close();
});

const makeBot = async (): Promise<number> => (await fixture.makeBot()).id;

let chats = 0;
async function makeBroadcast(botId: number, size: number): Promise<number> {
  const command = { kind: "send", messageKind: "text", body: "hello", botId, bulk: true };
  const id = await insertBroadcast(store, { botId, command, requestUuid: null, createdMs: 1 });
  assert.ok(id !== null);
  const chatIds = Array.from({ length: size }, () => ++chats);
  await insertTargets(store, id, chatIds);
  await startBroadcast(store, id, size);
  return id;
}

interface Courier {
  readonly told: RelayRow[];
  readonly held: Map<number, number>;
  close(): Promise<void>;
}

/** A courier that owns every job shard from now on. */
async function start(): Promise<Courier> {
  const { jobShards, held } = await fixture.own();
  const told: RelayRow[] = [];
  const relay = { send: (relays: readonly RelayRow[]) => told.push(...relays) };
  const broadcaster = startBroadcaster({ store, jobShards, relay, shards, log, lookMs: 20 });
  running.add(broadcaster);
  return {
    told,
    held,
    async close() {
      running.delete(broadcaster);
      await broadcaster.close();
    },
  };
}

/** The chats' part: what they are asked becomes messages and sends, in the state that `outcome` says; null refuses. */
async function serve(
  botId: number,
  outcome: (n: number) => "pending" | "sent" | "failed" | "unknown" | null,
): Promise<void> {
  const { rows } = await store.query<{ id: string; chatId: number }>(
    `select id, target_id as "chatId" from relay where (command ->> 'botId')::bigint = $1`,
    [botId],
  );
  for (const { id, chatId } of rows) {
    const state = outcome(Number(id.split("-")[2]));
    await inTransaction(store, async (db) => {
      await db.query("delete from relay where id = $1", [id]);
      if (state === null) return;
      await db.query(
        `insert into message (chat_id, seq, rev, sender_id, uuid, kind, body, source, ts)
         values ($1, 7, 7, $2, $3, 'text', 'hello', 'bot', 1)`,
        [chatId, botId, id],
      );
      await db.query(
        `insert into telegram_send (id, bot_id, telegram_chat_id, chat_id, seq, place, prev_place, bulk, content, state, error,
           created_ms) values ($1::bigint || '/7', $2, $1::bigint, $1::bigint, 7, 1, 0, true, '{}', $3, $4, 1)`,
        [chatId, botId, state, state === "failed" ? "403 blocked" : null],
      );
    });
  }
}

async function read(botId: number, id: number): Promise<BroadcastRow> {
  const row = await readBroadcast(store, botId, id);
  assert.ok(row !== null);
  return row;
}

async function statesOf(id: number): Promise<Record<string, number>> {
  const { rows } = await store.query<{ state: string; count: number }>(
    "select state, count(*) from broadcast_target where broadcast_id = $1 group by 1 order by 1",
    [id],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

const isDone = (botId: number, id: number) => async () => {
  await serve(botId, () => "sent");
  return (await read(botId, id)).state === "done";
};

test("each chat is asked once, as the bot and in bulk; only a window of them at a time", async () => {
  const botId = await makeBot();
  const id = await makeBroadcast(botId, 150);
  const courier = await start();
  await until(() => courier.told.length === window, { withinMs });
  await until(async () => (await statesOf(id))["fed"] === window, { withinMs });
  const [first] = courier.told;
  assert.equal(first?.id, `broadcast-${id}-1`);
  assert.equal(first?.sourceShard, shardOf("chat", first?.targetId ?? 0, shards));
  assert.deepEqual(first?.command, { kind: "send", messageKind: "text", body: "hello", botId, bulk: true });
  await serve(botId, (n) => (n <= 10 ? "sent" : "pending"));
  await until(() => courier.told.length === window + 10, { withinMs });
  assert.equal((await read(botId, id)).sent, 10);
  await store.query("update telegram_send set state = 'sent' where bot_id = $1", [botId]);
  await until(isDone(botId, id), { withinMs });
  assert.equal(new Set(courier.told.map(({ targetId }) => targetId)).size, 150);
  assert.equal(courier.told.length, 150);
  const { sent, failed, unknown, doneMs } = await read(botId, id);
  assert.deepEqual({ sent, failed, unknown }, { sent: 150, failed: 0, unknown: 0 });
  assert.ok((doneMs ?? 0) > 1);
  await courier.close();
});

test("what failed, is unknown or was refused by its chat is counted, and kept with the reason", async () => {
  const botId = await makeBot();
  const id = await makeBroadcast(botId, 4);
  const courier = await start();
  await until(() => courier.told.length === 4, { withinMs });
  const outcomes = [null, "failed", "unknown", "sent"] as const;
  await serve(botId, (n) => outcomes.at(n - 1) as (typeof outcomes)[number]);
  await until(async () => (await read(botId, id)).state === "done", { withinMs });
  const { sent, failed, unknown } = await read(botId, id);
  assert.deepEqual({ sent, failed, unknown }, { sent: 1, failed: 2, unknown: 1 });
  const { rows } = await store.query<{ error: string | null }>(
    "select error from broadcast_target where broadcast_id = $1 order by n",
    [id],
  );
  assert.deepEqual(
    rows.map(({ error }) => error),
    ["the chat did not take it", "403 blocked", null, null],
  );
  await courier.close();
});

test("a paused one asks nobody more and still counts what was fed; a cancelled one ends with that", async () => {
  const botId = await makeBot();
  const id = await makeBroadcast(botId, 200);
  const courier = await start();
  await until(() => courier.told.length === window, { withinMs });
  assert.ok(await steerBroadcast(store, { botId, id }, ["running"], "paused"));
  await serve(botId, () => "sent");
  await until(async () => (await read(botId, id)).sent === window, { withinMs });
  assert.deepEqual(await statesOf(id), { sent: window, waiting: 200 - window });
  assert.ok(await steerBroadcast(store, { botId, id }, ["paused"], "running"));
  await until(() => courier.told.length === 2 * window, { withinMs });
  assert.ok(await steerBroadcast(store, { botId, id }, ["running"], "cancelled"));
  await serve(botId, () => "sent");
  await until(async () => (await read(botId, id)).doneMs !== null, { withinMs });
  assert.equal((await read(botId, id)).state, "cancelled");
  assert.equal((await read(botId, id)).sent, 2 * window);
  assert.equal(courier.told.length, 2 * window);
  await courier.close();
});

test("chats that Telegram keeps waiting leave the window after a while", async () => {
  const botId = await makeBot();
  const id = await makeBroadcast(botId, 100);
  const courier = await start();
  await until(() => courier.told.length === window, { withinMs });
  await serve(botId, () => "pending");
  await store.query("update broadcast_target set fed_ms = fed_ms - 40000 where broadcast_id = $1", [id]);
  await until(() => courier.told.length === 100, { withinMs });
  await store.query("update telegram_send set state = 'sent' where bot_id = $1", [botId]);
  await until(isDone(botId, id), { withinMs });
  await courier.close();
});

test("[L2] who was deposed feeds nothing; the next goes on, and nobody is asked twice", async () => {
  const botId = await makeBot();
  const id = await makeBroadcast(botId, 150);
  const old = await start();
  await until(() => old.told.length === window, { withinMs });
  // The old one goes on believing that it owns the shards.
  const next = await start();
  await until(isDone(botId, id), { withinMs });
  assert.equal(old.told.length, window);
  const asked = [...old.told, ...next.told].map(({ targetId }) => targetId);
  assert.equal(asked.length, 150);
  assert.equal(new Set(asked).size, 150);
  await Promise.all([old.close(), next.close()]);
});
