/** What is written of deliveries costs what it is, however much else is open and whatever the planner was last told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ensureCluster,
  finishAttempts,
  inTransaction,
  insertUser,
  openDeliveriesById,
  type Queryable,
} from "../../../src/mod.ts";
import { openTestStore } from "../../cluster.ts";

const plansMax = 8;

const { store } = await openTestStore();
const user = { username: "ada", email: null, displayName: "Ada", passwordHash: null, isBot: false };
const owner = await insertUser(store, { ...user, role: "member", createdMs: 1 });
const endpoints = await store.query<{ id: number }>(
  "insert into webhook_endpoint (owner_id, url, created_ms, scope) values ($1, 'https://a.example', 1, 'all') returning id",
  [owner.id],
);
const endpointId = endpoints.rows[0]?.id;
await ensureCluster(store, { shards: 1, hashVersion: 1 });
const shards = await store.query<{ id: number; epoch: number }>(
  "select id, epoch from shard where kind = 'job' order by id limit 1",
);
const shard = shards.rows[0] ?? { id: 0, epoch: 0 };

/** Deliveries that wait, a row each: `name_1` and so on. @returns their ids. */
async function write(db: Queryable, name: string, count: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `insert into webhook_delivery (id, endpoint_id, event_id, type, place, sub, next_ms, created_ms)
     select $1 || '_' || n, $2, 'none', 'message.created', n, 0, 1, 1 from generate_series(1, $3) n returning id`,
    [name, endpointId, count],
  );
  return rows.map(({ id }) => id);
}

async function finish(db: Queryable, ids: readonly string[]): Promise<number> {
  const results = ids.map((id) => ({
    id,
    shard: shard.id,
    state: "delivered" as const,
    attempts: 1,
    tries: 1,
    nextMs: 1,
    attempt: { atMs: 2, latencyMs: 1, status: 200, error: null, response: null },
    error: null,
    atMs: 2,
  }));
  const fences = [{ shard: shard.id, epoch: shard.epoch }];
  return (await finishAttempts(db, fences, results, { notes: [], events: [] })).ids.size;
}

/** How Postgres goes about a statement of this connection, by its name. */
async function planOf(db: Queryable, name: string, values: string): Promise<string> {
  const { rows } = await db.query<{ "QUERY PLAN": string }>(`explain execute "${name}" (${values})`);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

test("[P9] deliveries are found by their ids and not by walking all that are open, also with plans made when hardly any were", async () => {
  await inTransaction(store, async (db) => {
    // Postgres keeps the plan of a named statement from the sixth time on.
    for (let round = 1; round <= plansMax; round++) {
      const ids = await write(db, `early${round}`, 1);
      assert.equal((await openDeliveriesById(db, ids)).length, 1);
      assert.equal(await finish(db, ids), 1);
    }
    const ids = await write(db, "late", 20);
    for (const plan of [
      await planOf(db, "open deliveries by id", "array['late_1']"),
      await planOf(db, "finish webhook attempts", "'[]', '[]', '[]', '[]'"),
    ]) {
      assert.match(plan, /using webhook_delivery_pkey/);
      assert.doesNotMatch(plan, /webhook_delivery_pending/);
    }
    assert.equal((await openDeliveriesById(db, ids)).length, ids.length);
    assert.equal(await finish(db, ids), ids.length);
    assert.equal(await finish(db, ids), 0, "what is done is not done again");
    assert.deepEqual(await openDeliveriesById(db, ids), []);
  });
});
