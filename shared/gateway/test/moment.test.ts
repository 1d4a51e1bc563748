import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as endOfTurn } from "node:timers/promises";
import { openMoments } from "../src/moment.ts";

test("who comes alone begins at the end of the turn; who follows closely, all together a little later", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let nowMs = 1_000;
  const pass = (ms: number): void => {
    nowMs += ms;
    context.mock.timers.tick(ms);
  };
  const begun: string[] = [];
  const schedule = openMoments(2, () => nowMs);
  const come = (name: string): void => schedule(() => void begun.push(name));

  come("a");
  come("b");
  assert.deepEqual(begun, [], "not within the turn");
  await endOfTurn();
  assert.deepEqual(begun, ["a", "b"]);

  pass(1);
  come("c");
  await endOfTurn();
  come("d");
  await endOfTurn();
  assert.deepEqual(begun, ["a", "b"]);
  pass(1);
  assert.deepEqual(begun, ["a", "b", "c", "d"]);

  pass(2);
  come("e");
  await endOfTurn();
  assert.deepEqual(begun, ["a", "b", "c", "d", "e"]);
});
