import assert from "node:assert/strict";
import { test } from "node:test";
import { openLookup } from "../src/lookup.ts";

function counting(answer: (key: string) => Promise<number | null>) {
  let nowMs = 0;
  const asked: string[] = [];
  const lookup = openLookup<string, number>({
    entriesMax: 2,
    lifeMs: 100,
    now: () => nowMs,
    keyOf: (key) => key,
    load: (key) => {
      asked.push(key);
      return answer(key);
    },
  });
  return {
    lookup,
    asked,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test("an answer is remembered for its life, and asked for once by all who wait", async () => {
  const { lookup, asked, pass } = counting(() => Promise.resolve(7));
  assert.deepEqual(await Promise.all([lookup.get("a"), lookup.get("a")]), [7, 7]);
  pass(99);
  await lookup.get("a");
  assert.equal(asked.length, 1);
  pass(1);
  await lookup.get("a");
  assert.equal(asked.length, 2);
});

test("[L7] the longest unused answer is forgotten beyond the bound", async () => {
  const { lookup, asked } = counting(() => Promise.resolve(7));
  for (const key of ["a", "b", "a", "c", "a", "b"]) await lookup.get(key);
  assert.deepEqual(asked, ["a", "b", "c", "b"]);
});

test("that there is nothing, and that asking failed, are not remembered", async () => {
  const answers = [
    () => Promise.resolve(null),
    () => Promise.reject(new Error("away")),
    () => Promise.resolve(1),
  ];
  const { lookup } = counting(() => (answers.shift() ?? (() => Promise.resolve(2)))());
  assert.equal(await lookup.get("a"), null);
  await assert.rejects(lookup.get("a"), /away/);
  assert.equal(await lookup.get("a"), 1);
});
