import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { openStore } from "@rookery/store";
import { startOutcomeSweep } from "../src/outcome-sweep.ts";

const withinMs = 20_000;
const dayMs = 24 * 3_600_000;
const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "sweep test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});

const kept = async (): Promise<number[]> => {
  const { rows } = await store.query<{ days: number }>(
    "select distinct sender_id as days from outcome order by sender_id",
  );
  return rows.map(({ days }) => days);
};

test("[L3] outcomes are known for thirty days and then forgotten, by whoever is to do that", async () => {
  // Whose sender is named for their age in days; of the oldest more than one statement takes.
  for (const [days, count] of [
    [40, 4_500],
    [31, 3],
    [29, 3],
    [1, 3],
  ] as const) {
    await store.query(
      `insert into outcome (actor, sender_id, uuid, outcome, decided_ms)
       select 'chat:1', $1, 'u-' || n, '{"kind":"noted"}', $2::bigint from generate_series(1, $3) as n`,
      [days, Date.now() - days * dayMs, count],
    );
  }
  let asked = 0;
  const isOurs = (): boolean => {
    asked += 1;
    return false;
  };
  const other = startOutcomeSweep({ store, isOurs, firstMs: 0, log });
  await until(() => asked > 0, { withinMs, what: "a sweep that is not ours" });
  await other.close();
  assert.deepEqual(await kept(), [1, 29, 31, 40]);
  const sweep = startOutcomeSweep({ store, isOurs: () => true, firstMs: 0, log });
  await until(async () => (await kept()).length === 2, { withinMs, what: "the old ones gone" });
  await sweep.close();
  assert.deepEqual(await kept(), [1, 29]);
});
