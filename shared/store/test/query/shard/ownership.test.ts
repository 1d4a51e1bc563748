import assert from "node:assert/strict";
import { test } from "node:test";
import {
  adoptLog,
  claimShards,
  commit,
  ensureCluster,
  listOwners,
  listShards,
  markSuspect,
  releaseShards,
} from "../../../src/mod.ts";
import { fenceOf, openTestCluster, openTestStore, shardRow } from "../../cluster.ts";

const store = await openTestCluster(8);

test("the first start fixes the number of shards; others agree or are refused with what is set", async () => {
  const { store: empty } = await openTestStore();
  const want = { shards: 4, hashVersion: 1 };
  await Promise.all(Array.from({ length: 10 }, () => ensureCluster(empty, want)));
  for (const kind of ["log", "job"] as const) {
    assert.deepEqual(
      (await listShards(empty, kind)).map(({ id, epoch, owner, appliedSeq, logId }) => ({
        id,
        epoch,
        owner,
        appliedSeq,
        logId,
      })),
      [0, 1, 2, 3].map((id) => ({ id, epoch: 0, owner: null, appliedSeq: 0, logId: null })),
    );
  }
  for (const other of [
    { ...want, shards: 8 },
    { ...want, shards: 3 },
    { ...want, hashVersion: 2 },
  ]) {
    await assert.rejects(ensureCluster(empty, other), (error) => {
      assert.equal(Reflect.get(error as object, "code"), "conflict");
      assert.match(String(error), /ROOKERY_SHARDS=4/);
      return true;
    });
  }
  assert.deepEqual(
    await listOwners(empty, "log"),
    [0, 1, 2, 3].map((id) => ({ id, epoch: 0, owner: null })),
  );
});

test("of starts at once that disagree, one number wins and the others are refused", async () => {
  const { store: empty } = await openTestStore();
  const starts = await Promise.allSettled(
    [4, 8, 4, 8, 16].map((shards) => ensureCluster(empty, { shards, hashVersion: 1 })),
  );
  const { length } = await listShards(empty, "log");
  const wanted = [4, 8, 4, 8, 16];
  assert.deepEqual(
    starts.map((start) => start.status),
    wanted.map((shards) => (shards === length ? "fulfilled" : "rejected")),
  );
});

test("[L2] a claim takes what was seen and nothing that has changed since", async () => {
  const seen = [
    { id: 0, epoch: 1 },
    { id: 1, epoch: 0 },
    { id: 2, epoch: 2 },
  ];
  const claimed = await claimShards(store, "log", seen, "second");
  assert.deepEqual(
    claimed.map(({ id, epoch, owner }) => ({ id, epoch, owner })),
    [{ id: 0, epoch: 2, owner: "second" }],
  );
  assert.ok((claimed[0]?.claimedMs ?? 0) > 1_700_000_000_000);
  assert.deepEqual(await claimShards(store, "log", seen, "third"), [], "the same view again is too old");
  assert.equal((await shardRow(store, 1)).owner, "first owner");
});

test("claims of log shards and job shards do not touch each other", async () => {
  const [job] = await claimShards(store, "job", [{ id: 3, epoch: 0 }], "courier");
  assert.deepEqual([job?.epoch, job?.owner], [1, "courier"]);
  assert.equal((await shardRow(store, 3)).owner, "first owner");
});

test("what somebody else has claimed meanwhile cannot be given back", async () => {
  await claimShards(store, "log", [{ id: 4, epoch: 1 }], "second");
  const held = [
    { id: 4, epoch: 1 },
    { id: 5, epoch: 1 },
  ];
  await releaseShards(store, "log", held, "first owner");
  assert.equal((await shardRow(store, 4)).owner, "second");
  assert.equal((await shardRow(store, 5)).owner, null);
  assert.equal((await shardRow(store, 5)).epoch, 1, "the epoch rises with the next claim");
});

test("[L6] a log is adopted by the shard's owner alone, and commits of the old log are refused", async () => {
  assert.equal(await adoptLog(store, { id: 6, epoch: 0 }, { logId: "log-2", appliedSeq: 0 }), false);
  assert.deepEqual(await commit(store, [fenceOf(6)], []), new Set([6]));
  assert.equal(await adoptLog(store, { id: 6, epoch: 1 }, { logId: "log-2", appliedSeq: 3 }), true);
  const { logId, appliedSeq, appliedMsgId, appliedMs } = await shardRow(store, 6);
  assert.deepEqual([logId, appliedSeq, appliedMsgId, appliedMs], ["log-2", 3, null, null]);
  const late = fenceOf(6, { fromSeq: 3, toSeq: 11, commitId: 2 });
  assert.deepEqual(await commit(store, [late], []), new Set());
  assert.deepEqual(await commit(store, [{ ...late, logId: "log-2" }], []), new Set([6]));
});

test("[L8] owners that die are counted until one commits or gives back, and the suspect stays for the next", async () => {
  const suspect = { seq: 5, actor: "chat:5", senderId: 1, uuid: "u", tries: 1 };
  const claim = async (owner: string) => {
    const { epoch } = await shardRow(store, 7);
    const [row] = await claimShards(store, "log", [{ id: 7, epoch }], owner);
    assert.ok(row !== undefined);
    return row;
  };
  assert.equal((await claim("a")).deaths, 1, "the first owner was still there");
  const second = await claim("b");
  assert.equal(second.deaths, 2);
  assert.equal(await markSuspect(store, { id: 7, epoch: second.epoch - 1 }, suspect), false);
  assert.equal(await markSuspect(store, second, suspect), true);
  const third = await claim("c");
  assert.deepEqual([third.deaths, third.suspect], [3, suspect]);
  await commit(store, [fenceOf(7, { epoch: third.epoch })], []);
  const committed = await shardRow(store, 7);
  assert.deepEqual([committed.deaths, committed.suspect], [0, null]);
  await releaseShards(store, "log", [third], "c");
  assert.equal((await claim("d")).deaths, 0, "whoever gives back did not die");
});
