import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChatCommand, Message } from "@rookery/protocol";
import { toMessage } from "@rookery/store";
import { type ChatState, decide } from "../src/mod.ts";
import { recentMessage } from "../src/recollection.ts";
import {
  ask,
  born,
  chatId,
  changes,
  type Done,
  done,
  nowMs,
  onward,
  refusal,
  rowsOf,
  say,
  vote,
} from "./command.ts";
import { applyChange } from "./reader.ts";

const laterMs = nowMs + 1_000;
const keyboard = { rows: [{ buttons: [{ text: "Yes", data: "y" }] }] };
/** A group of 1, 2 and 3 in which 2, a bot, has said message 2, and asked message 3. */
const talk = onward(
  born("group", [1, 2, 3]),
  ask(2, { ...say("hi"), keyboard, extra: { hasSpoiler: true } }, "m-1"),
).state;
const poll = { question: "Tea?", options: ["yes", "no"] };
const group = onward(talk, ask(2, { kind: "send", messageKind: "poll", body: "", poll }, "m-2")).state;

const later = (state: ChatState, senderId: number, command: ChatCommand, uuid = "c-1"): Done =>
  done(decide(state, ask(senderId, command, uuid), laterMs));
const refusedTo = (senderId: number, command: ChatCommand): string =>
  refusal(decide(group, ask(senderId, command, "c-1"), laterMs));

function written(decision: Done): Message {
  const [row] = rowsOf(decision, "message");
  assert.ok(row !== undefined);
  return toMessage(row);
}

/** What a reader has after the changes is what was written. */
function follows(decision: Done, before: Message): void {
  const messages = new Map([[before.seq, before]]);
  for (const frame of changes(decision)) applyChange(messages, frame, decision.outcome);
  assert.deepEqual(messages.get(before.seq), written(decision));
}

const said = (seq: number): Message => {
  const message = recentMessage(group.recent, seq);
  assert.ok(message !== undefined);
  return toMessage(message);
};

describe("a bot writes its message anew", () => {
  test("[L4] what it does not say stays, what is null goes, and readers hear all of it", () => {
    const decision = later(group, 2, { kind: "rewrite", seq: 2, body: "ho" });
    const message = written(decision);
    assert.deepEqual([message.body, message.keyboard, message.editedAt], ["ho", keyboard, laterMs]);
    assert.deepEqual(rowsOf(decision, "message")[0]?.detail?.extra, { hasSpoiler: true });
    follows(decision, said(2));
    const bare = later(group, 2, { kind: "rewrite", seq: 2, keyboard: null });
    assert.equal(written(bare).keyboard, undefined);
    follows(bare, said(2));
  });
  test("another file is another kind", () => {
    const attachments = [{ fileId: "f", kind: "photo" }];
    const decision = later(group, 2, { kind: "rewrite", seq: 2, messageKind: "photo", attachments });
    assert.deepEqual([written(decision).kind, written(decision).attachments], ["photo", attachments]);
    follows(decision, said(2));
  });
  test("what changes nothing is a conflict", () => {
    assert.equal(refusedTo(2, { kind: "rewrite", seq: 2, body: "hi", entities: [], keyboard }), "conflict");
  });
  test("others' messages, and those that are not there, are not written anew", () => {
    assert.equal(refusedTo(3, { kind: "rewrite", seq: 2, body: "x" }), "forbidden");
    assert.equal(refusedTo(2, { kind: "rewrite", seq: 1, body: "x" }), "forbidden");
    assert.equal(refusedTo(2, { kind: "rewrite", seq: 9, body: "x" }), "not_found");
    assert.equal(refusedTo(4, { kind: "rewrite", seq: 2, body: "x" }), "not_found");
    assert.equal(refusedTo(2, { kind: "rewrite", seq: 3, body: "x" }), "forbidden");
  });
});

describe("a bot closes its poll", () => {
  test("[L4] nobody votes any more, and readers hear it", () => {
    const closed = later(group, 2, { kind: "closePoll", seq: 3 });
    assert.deepEqual(changes(closed), [{ type: "PollClosed", chatId, seq: 3, rev: 1 }]);
    follows(closed, said(3));
    assert.equal(refusal(decide(closed.state, ask(3, vote(3, 0), "v-1"), laterMs)), "forbidden");
    assert.equal(
      refusal(decide(closed.state, ask(2, { kind: "closePoll", seq: 3 }, "c-2"), laterMs)),
      "conflict",
    );
  });
  test("others' polls, and what is none, stay as they are", () => {
    assert.equal(refusedTo(3, { kind: "closePoll", seq: 3 }), "forbidden");
    assert.equal(refusedTo(2, { kind: "closePoll", seq: 2 }), "invalid");
  });
});
