/** Two that claim and commit the same shards at the same time: the row of the shard decides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { claimShards, commit, inTransaction, listShards } from "../src/mod.ts";
import {
  changeRow,
  fenceOf,
  logId,
  messageRow,
  openTestCluster,
  seqsOf,
  shardRow,
  waitingForLock,
} from "./cluster.ts";

const withinMs = 10_000;
const shards = 8;
const store = await openTestCluster(shards);

async function reset(): Promise<void> {
  await store.query("truncate message, change");
  await store.query(
    "update shard set epoch = 1, log_id = $1, applied_seq = 0, commit_id = 0, owner = 'first owner'",
    [logId],
  );
}

const isWaiting = async (): Promise<boolean> => (await waitingForLock(store)) > 0;

test("[L2] a commit that waits for a claim is refused when the claim is there", async () => {
  await reset();
  let done: Promise<Set<number>> | undefined;
  await inTransaction(store, async (claimer) => {
    await claimShards(claimer, "log", [{ id: 0, epoch: 1 }], "second owner");
    done = commit(
      store,
      [fenceOf(0), fenceOf(1)],
      [
        { shard: 0, rows: [messageRow(5, 1)] },
        { shard: 1, rows: [messageRow(6, 1)] },
      ],
    );
    await until(isWaiting, { withinMs });
  });
  assert.deepEqual(await done, new Set([1]));
  assert.deepEqual(await seqsOf(store, 5), []);
  assert.deepEqual(await seqsOf(store, 6), [1]);
  assert.equal((await shardRow(store, 0)).owner, "second owner");
});

test("[L2] a claim that waits for a commit begins where the commit ended, and the commits after it are refused", async () => {
  await reset();
  let claim: ReturnType<typeof claimShards> | undefined;
  await inTransaction(store, async (owner) => {
    assert.deepEqual(
      await commit(owner, [fenceOf(0)], [{ shard: 0, rows: [messageRow(5, 1)] }]),
      new Set([0]),
    );
    claim = claimShards(store, "log", [{ id: 0, epoch: 1 }], "second owner");
    await until(isWaiting, { withinMs });
  });
  const [row] = (await claim) ?? [];
  assert.deepEqual([row?.epoch, row?.appliedSeq, row?.owner, row?.commitId], [2, 10, "second owner", 0]);
  const next = fenceOf(0, { fromSeq: 10, toSeq: 20, commitId: 2 });
  assert.deepEqual(await commit(store, [next], [{ shard: 0, rows: [messageRow(5, 2)] }]), new Set());
  assert.deepEqual(await seqsOf(store, 5), [1]);
});

test("[L2] a claim of one shard takes it once, however many claim it at once, and in whatever order", async () => {
  await reset();
  for (let epoch = 1; epoch <= 20; epoch += 1) {
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) => {
        const seen = Array.from({ length: shards }, (__, id) => ({ id, epoch }));
        return claimShards(store, "log", index % 2 === 0 ? seen : seen.toReversed(), `owner ${index}`);
      }),
    );
    const owners = new Map<number, string>();
    for (const [index, rows] of claims.entries()) {
      for (const { id, epoch: claimed } of rows) {
        assert.equal(owners.has(id), false, `shard ${id} was claimed twice`);
        assert.equal(claimed, epoch + 1);
        owners.set(id, `owner ${index}`);
      }
    }
    const rows = await listShards(store, "log");
    assert.deepEqual(new Map(rows.map(({ id, owner }) => [id, owner])), owners);
  }
});

test("[L2] commits that overlap in opposite order wait for each other, and never deadlock", async () => {
  await reset();
  // Deadlocks are found after a second: at once would be a failure too, but a slow one.
  for (let round = 1; round <= 60; round += 1) {
    const fences = Array.from({ length: shards }, (_, shard) =>
      fenceOf(shard, { fromSeq: round - 1, toSeq: round, commitId: round }),
    );
    const rows = fences.map(({ shard }) => ({ shard, rows: [changeRow(100 + shard, round)] }));
    const done = await Promise.all([
      commit(store, fences, rows),
      commit(store, fences.toReversed(), rows.toReversed()),
      commit(store, [...fences.slice(4), ...fences.slice(0, 4)], rows),
    ]);
    const all = done.flatMap((each) => [...each]).toSorted((one, other) => one - other);
    assert.deepEqual(
      all,
      fences.map(({ shard }) => shard),
      "each shard was committed by exactly one",
    );
  }
});

test("[L2] whoever claims, pauses and commits, the commits of a shard are one chain of offsets under rising epochs", async () => {
  await reset();
  const roundsMax = 25;
  const written: { shard: number; epoch: number; fromSeq: number; toSeq: number }[] = [];
  const owner = async (name: string): Promise<void> => {
    for (let round = 0; round < roundsMax; round += 1) {
      const seen = (await listShards(store, "log")).filter((_, index) => (index + round) % 2 === 0);
      const mine = await claimShards(store, "log", seen, name);
      // Two commits under what was claimed; others claim the same meanwhile.
      let open = mine.map(({ id, epoch, appliedSeq }) => ({ shard: id, epoch, fromSeq: appliedSeq }));
      for (const commitId of [1, 2]) {
        const fences = open.map(({ shard, epoch, fromSeq }) =>
          fenceOf(shard, { epoch, fromSeq, toSeq: fromSeq + 1, commitId }),
        );
        const rows = fences.map(({ shard, epoch, toSeq }) => ({
          shard,
          rows: [changeRow(100 + shard, toSeq, epoch)],
        }));
        const done = await commit(store, fences, rows);
        const committed = fences.filter(({ shard }) => done.has(shard));
        written.push(...committed);
        open = committed.map(({ shard, epoch, toSeq }) => ({ shard, epoch, fromSeq: toSeq }));
      }
    }
  };
  await Promise.all(["ada", "bob", "cyd", "dan"].map(owner));

  assert.ok(written.length > roundsMax, `${written.length} commits`);
  for (const { id, appliedSeq } of await listShards(store, "log")) {
    const chain = written
      .filter(({ shard }) => shard === id)
      .toSorted((one, other) => one.toSeq - other.toSeq);
    assert.deepEqual(
      chain.map(({ fromSeq }) => fromSeq),
      chain.map((_, index) => index),
    );
    assert.equal(appliedSeq, chain.length);
    for (const [index, { epoch }] of chain.entries()) {
      assert.ok(epoch >= (chain[index - 1]?.epoch ?? 0), "an older epoch wrote after a newer one");
    }
    const { rows } = await store.query<{ rev: number; epoch: number }>(
      "select rev, (frame->>'userId')::bigint as epoch from change where chat_id = $1 order by rev",
      [100 + id],
    );
    assert.deepEqual(
      rows,
      chain.map(({ toSeq, epoch }) => ({ rev: toSeq, epoch })),
    );
  }
});
