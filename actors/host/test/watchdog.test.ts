/** When a worker says that it is unfit; that others take over then is in the cluster's tests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { Shard } from "../src/shard.ts";
import { startWatchdog } from "../src/watchdog.ts";

const withinMs = 20_000;
const log = openLog("test", { LOG_LEVEL: "silent" });
const claim = { epoch: 1, logId: "log", appliedSeq: 7, floodUntilMs: 0, deaths: 0, suspect: null };

test("a commit that does not come back is no progress, though nothing lies behind it; when it has landed, we are fit", async (t) => {
  const idle = new Shard({ ...claim, id: 1 });
  const stuck = new Shard({ ...claim, id: 2 });
  stuck.decidedSeq = 8;
  const said: boolean[] = [];
  const watchdog = startWatchdog({
    store: { query: async () => ({ rows: [] }) } as unknown as Store,
    log,
    shards: () => [idle, stuck],
    setFit: (fit) => void said.push(fit),
  });
  t.after(() => watchdog.close());
  await until(() => said.includes(false), { withinMs, what: "unfit" });
  assert.equal(said[0], true, "not at once");
  stuck.appliedSeq = 8;
  await until(() => said.at(-1) === true, { withinMs, what: "fit again" });
});
