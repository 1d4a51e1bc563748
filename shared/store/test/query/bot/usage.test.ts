import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { foldUsage, openStore, readUsage, sweepUsage } from "../../../src/mod.ts";

const database = await openTestDatabase();
const store = openStore({
  url: database.url,
  name: "usage test",
  connectionsMax: 2,
  log: openLog("test", { LOG_LEVEL: "silent" }),
});
after(async () => {
  await store.end();
  await database.close();
});

const day = 86_400_000;
const hour = 3_600_000;

async function rowsOf(botId: number): Promise<number> {
  const { rows } = await store.query<{ count: number }>("select count(*) from bot_usage where bot_id = $1", [
    botId,
  ]);
  return rows[0]?.count ?? -1;
}

test("[T12] old hours become days, which tell the same; old days go", async () => {
  for (const hourMs of [0, 1, 5, 23, 24, 30, 48, 50].map((hours) => 10 * day + hours * hour)) {
    await store.query("insert into bot_usage values (1, $1, 'command', 'start', 2, 1, 100, $2)", [
      hourMs,
      (hourMs / hour) % 100,
    ]);
  }
  const byDay = () => readUsage(store, 1, { fromMs: 0, toMs: 20 * day, stepMs: day }, 100);
  const before = await byDay();
  // In small steps, as a sweep that is interrupted: no step changes what is told.
  while ((await foldUsage(store, { beforeMs: 12 * day, limit: 2 })) > 0)
    assert.deepEqual(await byDay(), before);
  assert.equal(await rowsOf(1), 2 + 2, "two days, and two hours of the day that is kept by the hour");
  assert.equal(await sweepUsage(store, { beforeMs: 11 * day, limit: 100 }), 1);
  assert.deepEqual(await byDay(), before.slice(1));
});
