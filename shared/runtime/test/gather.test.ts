import assert from "node:assert/strict";
import { test } from "node:test";
import { openGather } from "../src/mod.ts";

test("questions of a turn are asked together, those that come meanwhile with the next; each has its own answer", async () => {
  const asked: (readonly number[])[] = [];
  const answers: (() => void)[] = [];
  const double = openGather<number, number>({
    questionsMax: 3,
    ask: async (questions) => {
      asked.push(questions);
      await new Promise<void>((resolve) => answers.push(resolve));
      return questions.map((each) => each * 2);
    },
  });
  const first = Promise.all([1, 2].map(double));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, [[1, 2]]);
  const others = Promise.all([3, 4, 5, 6].map(double));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked.length, 1, "one asking at a time");
  answers.shift()?.();
  assert.deepEqual(await first, [2, 4]);
  while (answers.length > 0) {
    answers.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await others, [6, 8, 10, 12]);
  assert.deepEqual(asked, [[1, 2], [3, 4, 5], [6]]);
});

test("a failure is of its asking alone, and the next is asked again", async () => {
  let isBroken = true;
  const ask = openGather<number, number>({
    questionsMax: 10,
    ask: (questions) => (isBroken ? Promise.reject(new Error("away")) : Promise.resolve(questions)),
  });
  const results = await Promise.allSettled([ask(1), ask(2)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  isBroken = false;
  assert.equal(await ask(3), 3);
});
