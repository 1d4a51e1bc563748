import assert from "node:assert/strict";
import { test } from "node:test";
import { shardOf } from "@rookery/protocol";
import { readFigures } from "../src/run/figures.ts";
import { chatId, cleanHistory, journalsOf } from "./history.ts";

test("waits, silence and takeovers are read from the journals", () => {
  const history = cleanHistory();
  const shard = shardOf("chat", chatId, 4);
  history.faults.push(
    { kind: "begin", fault: "kill worker", name: "kill worker-1", atMs: 150 },
    { kind: "bereft", fault: "kill worker", shards: [shard], atMs: 150 },
    { kind: "bereft", fault: "kill worker", shards: [(shard + 1) % 4], atMs: 150 },
    { kind: "exit", name: "edge-0", reason: "ended with code 1", served: true, atMs: 160 },
  );
  const figures = readFigures(journalsOf(history), 4);
  assert.equal(figures.messages, 3);
  assert.equal(figures.waitMsMax, 5);
  assert.equal(figures.silenceMs, 100);
  // What was sent after the loss, first at 200, was acked at 205.
  assert.deepEqual(figures.takeovers, [
    { fault: "kill worker", chatMs: [55] },
    { fault: "kill worker", chatMs: [] },
  ]);
  assert.deepEqual(figures.changes, { invited: 1 });
  assert.deepEqual(figures.faults, { "kill worker": 1 });
  assert.deepEqual(figures.exits, ["edge-0 ended with code 1"]);
});
