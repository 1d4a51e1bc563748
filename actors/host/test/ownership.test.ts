/** Which shards a member takes, on a real table; whole hosts are in `host.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus, Liveness } from "@rookery/bus";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { ensureCluster, listShards, openStore, type Store } from "@rookery/store";
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

/** One member of a cluster whose others are whoever is said to be alive. */
async function openMember(drain: (shard: number) => Promise<void>) {
  const database = await openTestDatabase();
  const store = openStore({ url: database.url, name: "ownership test", connectionsMax: 2, log });
  await ensureCluster(store, { shards: 2, hashVersion: 1 });
  const begun: number[] = [];
  let live = ["one"];
  let listener = (): void => {};
  let looks = 0;
  let failures = 0;
  const query = async (asked: string, values: unknown[]): Promise<unknown> => {
    // A text, or a named statement.
    const text = JSON.stringify(asked);
    if (text.includes("select id, epoch, owner")) looks += 1;
    if (text.includes("set owner = null") && failures > 0) {
      failures -= 1;
      throw new Error("Postgres is away");
    }
    return await store.query(asked, values);
  };
  const ownership = startOwnership({
    bus: { subscribe: () => ({ close: () => {} }), publish: () => {} } as unknown as Bus,
    store: { query } as unknown as Store,
    liveness: {
      live: () => live,
      onChange: (heard: () => void) => {
        listener = heard;
      },
      leave: () => {},
    } as unknown as Liveness,
    log,
    kind: "log",
    role: "worker",
    id: "one",
    claimed: async ({ id }) => void begun.push(id),
    drain,
  });
  await until(() => begun.length === 2, { withinMs });
  return {
    ownership,
    begun,
    /** Those who are alive from now on. */
    hear(...members: string[]) {
      live = members;
      listener();
    },
    /** So many times giving back fails. */
    fail(times: number) {
      failures = times;
    },
    get failures() {
      return failures;
    },
    owners: async () => (await listShards(store, "log")).map(({ owner }) => owner),
    /** Resolves when ownership has been looked at once more, from the beginning. */
    async look() {
      const seen = looks;
      listener();
      await until(() => looks >= seen + 2, { withinMs, what: "two looks" });
    },
    async close() {
      await ownership.close();
      await store.end();
      await database.close();
    },
  };
}

test("a shard that was drained and could not be given back is served again when it is to stay", async (t) => {
  const drained: number[] = [];
  const member = await openMember(async (shard) => void drained.push(shard));
  t.after(() => member.close());
  member.fail(1);
  member.hear("one", "two");
  await until(() => member.failures === 0, { withinMs, what: "a failure" });
  assert.equal(drained.length, 1);
  member.hear("one");
  await until(() => member.begun.length === 3, { withinMs, what: "served again" });
  assert.equal(member.begun[2], drained[0]);
  assert.equal(member.ownership.held.size, 2);
});

test("and is given back at the next look when it is not", async (t) => {
  const member = await openMember(async () => {});
  t.after(() => member.close());
  member.fail(2);
  member.hear("one", "two");
  await until(async () => (await member.owners()).includes(null), { withinMs, what: "given back" });
  assert.equal(member.failures, 0);
  assert.deepEqual([member.ownership.held.size, member.begun.length], [1, 2]);
});

test("[L2] a shard that was lost is not begun again before what was begun of it has ended", async (t) => {
  const ended = Promise.withResolvers<void>();
  const member = await openMember(() => ended.promise);
  t.after(() => member.close());
  const [shard = 0] = member.ownership.held.keys();
  member.ownership.lost(shard);
  await member.look();
  assert.equal(member.begun.length, 2, "what it had is not over");
  ended.resolve();
  await until(() => member.begun.length === 3, { withinMs, what: "begun again" });
  assert.equal(member.begun[2], shard);
});
