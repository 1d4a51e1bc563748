import assert from "node:assert/strict";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { deleteBot, openBroadcasts } from "@rookery/store";
import { startOrphanSends } from "../../src/telegram/orphan-sends.ts";
import { openCourierFixture } from "../courier-fixture.ts";

const fixture = await openCourierFixture("orphan test");
const { store, shards } = fixture;
after(() => fixture.close());

async function write(botId: number, seq: number, state: string): Promise<void> {
  await store.query(
    `insert into telegram_send (id, bot_id, telegram_chat_id, chat_id, seq, place, prev_place, bulk, content, created_ms, state)
     values ($1, $2, 70, 7, $3, $3, $3::bigint - 1, false, '{}', 1, $4)`,
    [`7/${seq}`, botId, seq, state],
  );
}

test("what a deleted bot had still to send fails with the reason, and its chats are told; others' stay", async () => {
  const [gone, living] = [await fixture.makeBot(), await fixture.makeBot()];
  await write(gone.id, 1, "pending");
  await write(gone.id, 2, "sending");
  await write(living.id, 3, "pending");
  await store.query(
    `insert into broadcast (bot_id, command, state, total, created_ms) values ($1, '{}', 'running', 1, 1)`,
    [gone.id],
  );
  const { rows } = await store.query<{ ownerId: number }>(
    'select owner_id as "ownerId" from bot where id = $1',
    [gone.id],
  );
  const ownerId = rows[0]?.ownerId ?? 0;
  assert.ok(await deleteBot(store, { id: gone.id, ownerId }, Date.now()));
  const { jobShards } = await fixture.own();
  const told: unknown[] = [];
  const orphans = startOrphanSends({
    jobShards,
    store,
    relay: { send: (relays) => told.push(...relays.map(({ id }) => id)) },
    shards,
    lookMs: 50,
  });
  const sends = async () =>
    (
      await store.query<{ seq: number; state: string; error: string | null }>(
        "select seq, state, error from telegram_send where chat_id = 7 order by seq",
      )
    ).rows;
  await until(async () => (await sends())[0]?.state === "failed", { withinMs: 30_000, what: "the failure" });
  // Whoever began the second may still say what became of it.
  assert.deepEqual(await sends(), [
    { seq: 1, state: "failed", error: "the bot was deleted" },
    { seq: 2, state: "sending", error: null },
    { seq: 3, state: "pending", error: null },
  ]);
  await store.query("update bot set deleted_ms = $2 where id = $1", [gone.id, Date.now() - 120_000]);
  await until(async () => (await sends())[1]?.state === "unknown", { withinMs: 30_000, what: "the unknown" });
  assert.deepEqual(told, ["telegram:7/1/failed", "telegram:7/2/unknown"]);
  const relays = await store.query<{ command: object }>(
    "select command from relay where id = 'telegram:7/1/failed'",
  );
  assert.deepEqual(relays.rows[0]?.command, {
    kind: "settle",
    seq: 1,
    telegram: { state: "failed", error: "the bot was deleted" },
  });
  assert.deepEqual(
    (await openBroadcasts(store)).map(({ botId, state }) => [botId, state]),
    [[gone.id, "cancelled"]],
  );
  await orphans.close();
});
