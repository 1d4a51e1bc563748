import assert from "node:assert/strict";
import { test } from "node:test";
import { sparsely } from "../src/mod.ts";

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
