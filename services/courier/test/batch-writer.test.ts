import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "@rookery/runtime";
import { openBatchWriter } from "../src/batch-writer.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const never = (): boolean => false;

test("what comes in one moment is one batch, what comes while it is written the next", async () => {
  const batches: (readonly number[])[] = [];
  const writer = openBatchWriter<number>({
    undone: "not yet",
    async write(batch) {
      batches.push(batch);
      if (batch[0] !== 1) return;
      writer.add(3);
      await Promise.resolve();
      writer.add(4);
    },
    givenUp: never,
    log,
  });
  writer.add(1);
  writer.add(2);
  await writer.idle();
  assert.deepEqual(batches, [
    [1, 2],
    [3, 4],
  ]);
  writer.add(5);
  await writer.idle();
  assert.deepEqual(batches.at(-1), [5]);
});

test("[L7] a batch has at most 500, or as many as may go together", async () => {
  const sizes: number[] = [];
  const cut: (readonly number[])[] = [];
  const many = openBatchWriter<number>({
    undone: "not yet",
    write: async (batch) => void sizes.push(batch.length),
    givenUp: never,
    log,
  });
  const paired = openBatchWriter<number>({
    undone: "not yet",
    write: async (batch) => void cut.push(batch),
    together: (first) => Math.min(2, first.length),
    givenUp: never,
    log,
  });
  for (let each = 0; each < 1_001; each += 1) many.add(each);
  for (const each of [1, 2, 3]) paired.add(each);
  await Promise.all([many.idle(), paired.idle()]);
  assert.deepEqual(sizes, [500, 500, 1]);
  assert.deepEqual(cut, [[1, 2], [3]]);
});

test("a batch that failed is written again before those that came later", async () => {
  const written: number[] = [];
  let failures = 2;
  const writer = openBatchWriter<number>({
    undone: "not yet",
    async write(batch) {
      if (failures > 0) {
        failures -= 1;
        writer.add(9);
        throw new Error("away");
      }
      written.push(...batch);
    },
    givenUp: never,
    log,
  });
  writer.add(1);
  writer.add(2);
  await writer.idle();
  assert.deepEqual(written, [1, 2, 9, 9]);
});

test("once given up a failure is the last, and what was not written is told", async () => {
  const dropped: number[] = [];
  let calls = 0;
  const writer = openBatchWriter<number>({
    undone: "not yet",
    async write() {
      calls += 1;
      writer.add(3);
      throw new Error("away");
    },
    together: () => 1,
    givenUp: () => true,
    dropped: (unwritten) => void dropped.push(...unwritten),
    log,
  });
  writer.add(1);
  writer.add(2);
  await writer.idle();
  assert.deepEqual({ dropped, calls }, { dropped: [1, 2, 3], calls: 1 });
});
