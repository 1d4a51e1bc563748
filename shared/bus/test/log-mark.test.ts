import assert from "node:assert/strict";
import { test } from "node:test";
import { findBreak } from "../src/log-mark.ts";

const mark = { seq: 10, timeMs: 5_000, msgId: "m10" };
const position = { identity: "a", seq: 10, mark };
const state = { identity: "a", firstSeq: 1, lastSeq: 12, messages: 12, bytes: 99, bytesMax: 1_000, ageMs: 5 };

test("[L6] a log that still holds our message at our position is ours", () => {
  assert.equal(findBreak(position, state, { ...mark }), null);
  assert.equal(findBreak(position, { ...state, lastSeq: 10 }, { ...mark }), null);
});

test("[L6] another identity, a shorter log, another message or none there is a break", () => {
  assert.equal(findBreak(position, { ...state, identity: "b" }, mark), "identity");
  assert.equal(findBreak(position, { ...state, identity: undefined }, mark), "identity");
  assert.equal(findBreak(position, { ...state, lastSeq: 9 }, null), "truncated");
  assert.equal(findBreak(position, state, null), "mark");
  assert.equal(findBreak(position, state, { ...mark, timeMs: 5_001 }), "mark");
  assert.equal(findBreak(position, state, { ...mark, msgId: "other" }), "mark");
});

test("[L6] without a mark the identity and the length decide", () => {
  const start = { identity: "a", seq: 0, mark: undefined };
  assert.equal(findBreak(start, { ...state, lastSeq: 0 }, null), null);
  assert.equal(findBreak({ ...start, seq: 13 }, state, null), "truncated");
});
