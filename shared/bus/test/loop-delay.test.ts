import assert from "node:assert/strict";
import { test } from "node:test";
import { openLoopDelay } from "../src/loop-delay.ts";

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
};

test("a loop that was held up tells so in its window, and no more in the next", async (t) => {
  const delay = openLoopDelay(0);
  t.after(() => delay.close());
  assert.equal(delay.readMs(2_999), null, "its first window is not over");
  await turns(10);
  const untilMs = performance.now() + 400;
  while (performance.now() < untilMs);
  await turns(10);
  const heldMs = delay.readMs(3_000);
  assert.ok(heldMs !== null && heldMs >= 300, `${heldMs} ms`);
  assert.equal(delay.readMs(5_999), heldMs, "until the next window is over");
});
