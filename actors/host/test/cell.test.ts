import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outcome } from "@rookery/protocol";
import { Cell } from "../src/cell.ts";
import type { AnyDefinition } from "../src/definition.ts";
import { lineDefinitions } from "./line.ts";

const [definition] = lineDefinitions as [AnyDefinition];
const settled = { seq: 0, rev: 0, receiptRev: 0 };
const outcome = (seq: number): Outcome => ({ kind: "sent", seq, rev: 0, ts: 1 });

test("[L3] what is remembered is the sender's: another's command of the same uuid is another command", () => {
  const cell = new Cell(definition, null);
  cell.remember(1, "u", outcome(1), 1);
  assert.equal(cell.recall(2, "u"), undefined);
  cell.remember(2, "u", outcome(2), 1);
  cell.remember(3, "u", outcome(3), 1);
  assert.deepEqual(
    [1, 2, 3].map((senderId) => cell.recall(senderId, "u")),
    [1, 2, 3].map(outcome),
  );
  assert.equal(cell.recall(4, "u"), undefined);
});

test("[L3] what is not committed is never forgotten, whoever had the uuid first", () => {
  const cell = new Cell(definition, null);
  cell.remember(1, "u", outcome(1), 1);
  for (let seq = 2; seq <= 200; seq += 1) cell.remember(1, `old-${seq}`, outcome(seq), 1);
  cell.remember(2, "u", outcome(300), 2);
  cell.settle(1, settled);
  assert.equal(cell.recall(1, "u"), undefined, "older ones are let go");
  assert.deepEqual(cell.recall(1, "old-200"), outcome(200));
  assert.deepEqual(cell.recall(2, "u"), outcome(300));
});
