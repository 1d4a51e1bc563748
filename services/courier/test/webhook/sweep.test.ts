import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { startWebhookSweep } from "../../src/webhook/sweep.ts";
import { openWebhookStage } from "./webhook-stage.ts";

const day = 86_400_000;
const stage = await openWebhookStage("sweep test");
const { store } = stage;
after(() => stage.close());

test("what is done and old is forgotten, with its attempts, and its event when nobody can ask for it; what is open stays", async () => {
  const { id } = await stage.makeEndpoint("http://127.0.0.1:9/");
  const nowMs = Date.now();
  const leave = async (seq: number, state: string, ageDays: number): Promise<void> => {
    const { id: delivery } = await stage.write(id, 1, seq, nowMs - ageDays * day);
    await store.query("update webhook_delivery set state = $2 where id = $1", [delivery, state]);
    await store.query(
      "insert into webhook_attempt (delivery_id, n, at_ms, latency_ms, status) values ($1, 1, 1, 1, 500)",
      [delivery],
    );
  };
  await leave(1, "delivered", 60);
  await leave(2, "dead", 31);
  await leave(3, "pending", 31);
  await leave(4, "delivered", 29);
  await leave(5, "dead", 1);
  await leave(6, "pending", 60);
  // More than one portion, of another endpoint.
  const many = await stage.makeEndpoint("http://127.0.0.1:9/many");
  await store.query(
    `insert into webhook_delivery (id, endpoint_id, event_id, type, place, sub, state, next_ms, created_ms)
     select 'many_' || n, $1, 'none', 'message.created', n, 0, 'delivered', 1, 1 from generate_series(1, 2500) n`,
    [many.id],
  );
  const parts = { store, keepDays: 30, isOurs: () => true, log: stage.log, firstMs: 0 };
  const sweep = startWebhookSweep(parts);
  const column = async (sql: string): Promise<number[]> =>
    (await store.query<{ seq: string }>(sql)).rows.map(({ seq }) => Number(seq.split("m").at(-1)));
  const left = () => column("select id as seq from webhook_delivery order by id");
  await until(async () => (await left()).length === 4, { withinMs: 60_000, what: "the sweep" });
  const events = () => column("select id as seq from webhook_event order by id");
  await until(async () => (await events()).length === 5, { withinMs: 60_000, what: "the sweep of events" });
  await sweep.close();
  assert.deepEqual(await left(), [3, 4, 5, 6]);
  assert.deepEqual(await column("select delivery_id as seq from webhook_attempt order by 1"), [3, 4, 5, 6]);
  assert.deepEqual(await events(), [2, 3, 4, 5, 6], "a month and a week old, or of a delivery that is open");
});
