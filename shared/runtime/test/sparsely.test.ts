import assert from "node:assert/strict";
import { test } from "node:test";
import { type Log, sparseWarning, sparsely } from "../src/mod.ts";

test("the first is told at once, those that follow together, and none is left out", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const told: number[] = [];
  const count = sparsely(1_000, (many) => told.push(many));
  count();
  assert.deepEqual(told, [1]);
  for (let each = 0; each < 500; each++) count();
  assert.deepEqual(told, [1]);
  t.mock.timers.tick(1_000);
  assert.deepEqual(told, [1, 500]);
  t.mock.timers.tick(5_000);
  assert.deepEqual(told, [1, 500], "silence is not told");
  count();
  assert.deepEqual(told, [1, 500, 1]);
});

test("a warning is given once a second: the last of them, and how many there were", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const lines: unknown[] = [];
  const log = { warn: (about: object, message: string) => void lines.push({ ...about, message }) };
  const warn = sparseWarning(log as unknown as Log, "away");
  for (let each = 1; each <= 500; each++) warn({ requestId: `r-${each}` });
  t.mock.timers.tick(1_000);
  t.mock.timers.tick(5_000);
  assert.deepEqual(lines, [
    { requestId: "r-1", count: 1, message: "away" },
    { requestId: "r-500", count: 499, message: "away" },
  ]);
});
