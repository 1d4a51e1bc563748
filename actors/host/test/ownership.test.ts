/** Which shards a member takes, on a real table; whole hosts are in `host.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus, Liveness } from "@rookery/bus";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { ensureCluster, listShards, openStore } from "@rookery/store";
import { startOwnership } from "../src/ownership.ts";

const withinMs = 20_000;
const log = openLog("test", { LOG_LEVEL: "silent" });

test("[L2] a claimed shard that cannot be begun is let go, and claimed again under a newer epoch", async (t) => {
  const database = await openTestDatabase();
  const store = openStore({ url: database.url, name: "ownership test", connectionsMax: 2, log });
  await ensureCluster(store, { shards: 2, hashVersion: 1 });
  const begun: (readonly [shard: number, epoch: number])[] = [];
  const drained: number[] = [];
  let failures = 0;
  const ownership = startOwnership({
    bus: { subscribe: () => ({ close: () => {} }), publish: () => {} } as unknown as Bus,
    store,
    liveness: { live: () => ["one"], onChange: () => {}, leave: () => {} } as unknown as Liveness,
    log,
    kind: "log",
    role: "worker",
    id: "one",
    claimed: async ({ id, epoch }) => {
      if (id === 1 && failures++ < 2) throw new Error("its log does not answer");
      begun.push([id, epoch]);
    },
    drain: async (shard) => void drained.push(shard),
  });
  t.after(async () => {
    await ownership.close();
    await store.end();
    await database.close();
  });
  await until(() => begun.length === 2, { withinMs });
  const epochs = new Map((await listShards(store, "log")).map(({ id, epoch }) => [id, epoch]));
  assert.deepEqual(drained, [1, 1]);
  assert.deepEqual(new Map(begun), epochs);
  assert.equal((epochs.get(1) ?? 0) - (epochs.get(0) ?? 0), 2, "each claim has an epoch of its own");
  assert.deepEqual(new Map(ownership.held), epochs);
});
