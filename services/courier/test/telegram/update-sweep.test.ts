import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { openStore } from "@rookery/store";
import { startUpdateSweep } from "../../src/telegram/update-sweep.ts";

const withinMs = 20_000;
const [hourMs, dayMs] = [3_600_000, 24 * 3_600_000];
const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "sweep test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});

/** Ages in days of what is there, and of usage how often it was counted. */
async function kept(): Promise<{ updates: number[]; usage: number[][] }> {
  const updates = await store.query<{ id: number }>(
    "select distinct bot_id as id from telegram_update order by bot_id",
  );
  const usage = await store.query<{ id: number; count: number }>(
    "select bot_id as id, sum(count)::bigint as count from bot_usage group by bot_id, hour_ms order by bot_id, hour_ms",
  );
  return { updates: updates.rows.map(({ id }) => id), usage: usage.rows.map(({ id, count }) => [id, count]) };
}

test("updates go after thirty days, but those still open; usage is by the hour, then by the day, then gone", async () => {
  const nowMs = Date.now();
  const dayOf = (days: number): number => nowMs - (nowMs % dayMs) - days * dayMs;
  // Of a bot that is named for their age in days; of the oldest more than one statement takes.
  for (const [days, count, state] of [
    [40, 4_500, "done"],
    [39, 3, "pending"],
    [31, 3, "kept"],
    [29, 3, "done"],
  ] as const) {
    await store.query(
      `insert into telegram_update (bot_id, update_id, type, raw, state, created_ms)
       select $1, n, 'message', '{}', $2, $3 from generate_series(1, $4) as n`,
      [days, state, nowMs - days * dayMs, count],
    );
  }
  for (const days of [400, 20, 2]) {
    for (const hour of [1, 2]) {
      await store.query(
        `insert into bot_usage (bot_id, hour_ms, kind, name, count, errors, total_ms, max_ms)
         values ($1, $2, 'text', '', $3, 0, 0, 0)`,
        [days, dayOf(days) + hour * hourMs, hour],
      );
    }
  }
  const parts = { store, usage: { hourlyDays: 7, dailyDays: 100 }, firstMs: 0, log };
  const before = await kept();
  let asked = 0;
  const isOurs = (): boolean => {
    asked += 1;
    return false;
  };
  const other = startUpdateSweep({ ...parts, isOurs });
  await until(() => asked >= 3, { withinMs, what: "a sweep that is not ours" });
  await other.close();
  assert.deepEqual(await kept(), before);
  const sweep = startUpdateSweep({ ...parts, isOurs: () => true });
  await until(async () => (await kept()).usage.length === 3, { withinMs, what: "the last step" });
  await sweep.close();
  // Of 20 days ago one row of that day has what two hours had; of 2 days ago there is each hour.
  assert.deepEqual(await kept(), {
    updates: [29, 39],
    usage: [
      [2, 1],
      [2, 2],
      [20, 3],
    ],
  });
});
