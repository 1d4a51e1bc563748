/** Receipts of a window go together, and arrive in the end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "@rookery/kit";
import { type AddressedCommand, type Mark, type Reply } from "@rookery/protocol";
import { openReceiptWindow, windowEndsInMs } from "../../src/command/receipts.ts";

const noted: Reply = { kind: "done", outcome: { kind: "noted" }, duplicate: false };
const away: Reply = { kind: "refused", fault: { code: "unavailable", message: "away", retryMs: 1 } };
const mark = (userId: number, seq: number): Mark => ({ userId, deliveredSeq: seq, readSeq: seq });

/** A way to the chats that answers as told, the last answer for ever. */
function open(...answers: Reply[]) {
  const asked: { readonly chatId: number; readonly marks: readonly Mark[] }[] = [];
  const window = openReceiptWindow({
    gateway: {
      ask({ actor, command }: AddressedCommand, _, settle) {
        assert.ok(command.kind === "mark");
        asked.push({ chatId: actor.id, marks: command.marks });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        settle(answer ?? noted);
      },
    },
    commandMs: 1_000,
    now: Date.now,
  });
  return { window, asked };
}

test("what is said within a window is one command a chat, with how far each has come", async () => {
  const { window, asked } = open(noted);
  const all = [mark(1, 3), mark(2, 1), mark(1, 5), mark(1, 4)].map((each) => window.mark(9, each));
  await Promise.all([...all, window.mark(8, mark(1, 1))]);
  assert.deepEqual(
    asked.map(({ chatId, marks }) => [chatId, marks]),
    [
      [9, [mark(1, 5), mark(2, 1)]],
      [8, [mark(1, 1)]],
    ],
  );
  window.close();
});

test("windows end at the same moments on every edge", () => {
  for (const nowMs of [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_049]) {
    assert.equal(nowMs + windowEndsInMs(nowMs), 1_700_000_000_050);
  }
});

test("what could not be brought there is told to who waits, and brought there later all the same", async () => {
  const { window, asked } = open(away, noted);
  await assert.rejects(window.mark(9, mark(1, 3)), { code: "unavailable", message: "away" });
  await until(() => asked.length === 2, { withinMs: 5_000, what: "another attempt" });
  assert.deepEqual(asked[1]?.marks, [mark(1, 3)]);
  window.close();
});

test("a refusal for good is told and not repeated", async () => {
  const { window, asked } = open({ kind: "refused", fault: { code: "not_found", message: "no" } }, noted);
  await assert.rejects(window.mark(9, mark(1, 3)), { code: "not_found", message: "no" });
  await window.mark(9, mark(2, 1));
  assert.deepEqual(asked[1]?.marks, [mark(2, 1)]);
  window.close();
});

test("a close sends what the window holds", async () => {
  const { window, asked } = open(noted);
  const said = window.mark(9, mark(1, 3));
  window.close();
  await said;
  assert.equal(asked.length, 1);
});
