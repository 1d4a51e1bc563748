import assert from "node:assert/strict";
import { test } from "node:test";
import { commit, listRelays, type RelayRow, type Row } from "../../../src/mod.ts";
import { fenceOf, openTestCluster } from "../../cluster.ts";

const store = await openTestCluster(4);

function relay(id: string, sourceShard: number, createdMs: number): RelayRow {
  const command = { kind: "joined", chatId: 5, chatRev: 1 };
  return { id, sourceShard, targetKind: "user", targetId: 7, command, createdMs, requestId: `request-${id}` };
}

test("relays are listed oldest first, of the shards asked for, until their target has applied them", async () => {
  const now = Date.now();
  const rows = [relay("b", 0, now - 4_000), relay("a", 0, now - 9_000), relay("c", 1, now - 6_000)];
  const fresh = relay("d", 0, now + 60_000);
  const put = (all: readonly RelayRow[]): Row[] => all.map((row) => ({ table: "relay", row }));
  await commit(store, [fenceOf(0)], [{ shard: 0, rows: put([...rows, fresh]) }]);
  const ids = async (shards: number[], olderThanMs = 0, limit = 10): Promise<string[]> =>
    (await listRelays(store, shards, { olderThanMs, limit })).map(({ id }) => id);
  assert.deepEqual(await ids([0, 1, 2]), ["a", "c", "b"]);
  assert.deepEqual(await ids([0]), ["a", "b"]);
  assert.deepEqual(await ids([3]), []);
  assert.deepEqual(await ids([0, 1], 5_000), ["a", "c"]);
  assert.deepEqual(await ids([0, 1], 0, 1), ["a"]);
  assert.deepEqual(await listRelays(store, [1], { olderThanMs: 0, limit: 1 }), [rows[2]]);

  // It goes with the commit of the shard that applied it, which need not be its source.
  const applied: Row[] = ["a", "nothing"].map((id) => ({ table: "relayDone", row: { id } }));
  await commit(store, [fenceOf(2, { epoch: 9 })], [{ shard: 2, rows: applied }]);
  assert.deepEqual(await ids([0]), ["a", "b"], "not with one that was refused");
  await commit(store, [fenceOf(2)], [{ shard: 2, rows: applied }]);
  assert.deepEqual(await ids([0]), ["b"]);
});
