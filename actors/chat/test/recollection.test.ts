import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredMessage } from "@rookery/store";
import { chatActor } from "../src/mod.ts";
import { keepRecent, nothingRecent, recentMessage, recentMessages, trimRecent } from "../src/recollection.ts";
import { ask, born, edit, nowMs, onward, say } from "./command.ts";
import { frozen } from "./frozen.ts";

/** What two batches of 256 commands can write and have fetched, less the first of them. */
const neededMin = 3 * 256;

function message(seq: number, rev = 0): StoredMessage {
  const rest = { senderId: 1, uuid: `u-${seq}`, kind: "text", body: "", detail: null, source: "ws" } as const;
  return { chatId: 5, seq, rev, ...rest, ts: nowMs, editedAt: null, deletedAt: null };
}

test("[L7] the last writes of two batches are at hand, and the number of all is bounded", () => {
  let recent = nothingRecent;
  for (let seq = 1; seq <= 5_000; seq += 1) {
    recent = keepRecent(frozen(recent), [message(seq)]);
    for (const age of [0, 63, 64, neededMin - 1]) {
      if (seq > age) assert.equal(recentMessage(recent, seq - age)?.seq, seq - age);
    }
  }
  const size = [...recentMessages(recent)].length;
  assert.equal(size, recent.length);
  assert.ok(size < 2 * 960, `${size}`);
});

test("a message is found as it was written last, wherever it was before", () => {
  let recent = nothingRecent;
  for (let seq = 1; seq <= 300; seq += 1) recent = keepRecent(recent, [message(seq)]);
  recent = keepRecent(recent, [message(7, 1)]);
  assert.equal(recentMessage(recent, 7)?.rev, 1);
  for (let seq = 301; seq <= 400; seq += 1) recent = keepRecent(recent, [message(seq)]);
  assert.equal(recentMessage(recent, 7)?.rev, 1);
});

test("[L7] a message that one command writes in many steps takes the place of one", () => {
  let recent = nothingRecent;
  for (let seq = 1; seq <= neededMin; seq += 1) {
    for (let rev = 1; rev <= 20; rev += 1) recent = keepRecent(frozen(recent), [message(seq, rev)]);
  }
  for (let seq = 1; seq <= neededMin; seq += 1) assert.equal(recentMessage(recent, seq)?.rev, 20);
});

test("a trim leaves a few of the last, never an older writing of one of them", () => {
  let recent = nothingRecent;
  for (let seq = 1; seq <= 300; seq += 1) recent = keepRecent(recent, [message(seq), message(1, seq)]);
  const trimmed = trimRecent(recent);
  assert.ok(trimmed.length >= 32 && trimmed.length < 64);
  const found = recentMessage(trimmed, 1);
  assert.ok(found === undefined || found.rev === 300);
});

test("only what was committed and is not at hand is asked for", () => {
  const { memory } = chatActor;
  assert.ok(memory !== undefined);
  const { state } = onward(born("group"), ask(1, say("hi"), "m-1"));
  assert.deepEqual(memory.missing(state, ask(1, edit(2, "ho"))), []);
  const cold = { ...state, recent: nothingRecent };
  assert.deepEqual(memory.missing(cold, ask(1, edit(2, "ho"))), [2]);
  assert.deepEqual(memory.missing(cold, ask(1, edit(3, "ho"))), [], "a message of this very batch");
  assert.deepEqual(memory.missing(cold, ask(1, say("hi"))), []);
});
