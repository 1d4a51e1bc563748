import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { isOutage, openStore } from "@rookery/store";
import { refusalOfFault } from "../../src/bot-api/api-refusal.ts";
import { problemOf } from "../../src/http/problem.ts";
import { outage } from "../../src/outage.ts";

test("a connection that Postgres ends while it is asked is told as unavailable, with when to repeat, by REST and to bots", async () => {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "outage test", connectionsMax: 1, log });
  try {
    const asked = store.query("select pg_terminate_backend(pg_backend_pid())");
    await assert.rejects(asked, (error) => isOutage(error));
  } finally {
    await store.end();
    await database.close();
  }
  const problem = problemOf(outage(), "r-1");
  assert.deepEqual([problem.status, problem.code], [503, "unavailable"]);
  const refused = refusalOfFault(outage());
  assert.deepEqual([refused.code, refused.hints], [503, { retry_after: 1 }]);
});
