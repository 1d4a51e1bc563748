import assert from "node:assert/strict";
import { test } from "node:test";
import { openChatLines } from "../src/chat-line.ts";

test("[L4] what arrives together is served by order, one after the other, whatever each takes", async () => {
  const lines = openChatLines();
  const served: string[] = [];
  const slow = (name: string, turns: number) => async () => {
    served.push(`${name} begins`);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    served.push(`${name} ends`);
  };
  await Promise.all([
    lines.enter("chat", 3, slow("3", 1)),
    lines.enter("chat", 1, slow("1", 9)),
    lines.enter("chat", 2, slow("2", 4)),
  ]);
  assert.deepEqual(served, ["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"]);
});

test("a later batch waits for the earlier one, even with lower orders", async () => {
  const lines = openChatLines();
  const served: number[] = [];
  let second: Promise<void> | undefined;
  await lines.enter("chat", 5, async () => {
    second = lines.enter("chat", 1, async () => void served.push(1));
    await new Promise((resolve) => setImmediate(resolve));
    served.push(5);
  });
  await second;
  assert.deepEqual(served, [5, 1]);
});

test("lines do not wait for each other, and a failure is its own work's alone", async () => {
  const lines = openChatLines();
  const door = Promise.withResolvers<void>();
  const held = lines.enter("one", 1, () => door.promise);
  assert.equal(await lines.enter("two", 1, async () => "through"), "through");
  const failed = lines.enter("one", 2, () => Promise.reject(new Error("broken")));
  const after = lines.enter("one", 3, async () => "after");
  door.resolve();
  await held;
  await assert.rejects(failed, /broken/);
  assert.equal(await after, "after");
});
