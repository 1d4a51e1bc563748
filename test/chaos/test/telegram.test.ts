import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChatAccount, judgeTelegram, type StoredLine } from "../src/telegram/check.ts";
import { runTelegram } from "../src/telegram/run.ts";

const seed = 5;

test("people of Telegram are heard once, in order, and answered while processes are killed", async (t) => {
  const { verdict, figures, isClean } = await runTelegram({
    seed,
    updates: 200,
    chats: 25,
    bots: 3,
    kills: 3,
    rate: 40,
    rig: { edges: 2, workers: 2, couriers: 2, shards: 8 },
    keep: false,
    tell: (line) => t.diagnostic(line),
  });
  t.diagnostic(JSON.stringify({ ...verdict, ...figures }));
  assert.ok(isClean, JSON.stringify(verdict));
  assert.equal(figures["updates"], 225);
});

const received = (seq: number, body: string) => ({ seq, received: true, body });
const answered = (seq: number, body: string) => ({ seq, received: false, body });
/** A said 1 and 2, both were answered, and both readers saw it all. */
const lines = [received(1, "a 1"), answered(2, "re a 1"), received(3, "a 2"), answered(4, "re a 2")];
const clean: ChatAccount = { said: ["a 1", "a 2"], stored: lines, readAfter: 1, read: [lines.slice(1)] };
const told = [
  { chat: "A", text: "re a 1" },
  { chat: "A", text: "re a 2" },
];

function guilt(account: Partial<ChatAccount>, answers = told, inFlight: readonly string[] = []) {
  const verdict = judgeTelegram(new Map([["A", { ...clean, ...account }]]), answers, new Set(inFlight));
  return Object.fromEntries(Object.entries(verdict).filter(([, count]) => count > 0));
}

test("the checker finds nothing where nothing is wrong, and each wrong by its name", () => {
  assert.deepEqual(guilt({}), {});
  assert.deepEqual(guilt({ said: ["a 1", "a 2", "a 3"] }), { lost: 1, unanswered: 1, answersMisplaced: 1 });
  const twice = [...lines, received(5, "a 2")];
  assert.deepEqual(guilt({ stored: twice, read: [twice.slice(1)] }), { doubled: 1 });
  const [first, reply, second, more] = lines as [StoredLine, StoredLine, StoredLine, StoredLine];
  const place = (each: StoredLine, index: number) => ({ ...each, seq: index + 1 });
  const turned = [second, reply, first, more].map(place);
  assert.deepEqual(guilt({ stored: turned, readAfter: 4, read: [] }), { reordered: 1 });
  const crossed = [first, more, second, reply].map(place);
  assert.deepEqual(guilt({ stored: crossed, readAfter: 4, read: [] }), { answersMisplaced: 2 });
  const holed = [...lines.slice(0, 3), { ...more, seq: 5 }];
  assert.deepEqual(guilt({ stored: holed, readAfter: 5, read: [] }), { gaps: 1 });
  // The second message is missing: it is unread, and what follows is in another's place.
  assert.deepEqual(guilt({ read: [lines.slice(2)] }), { unread: 1, misread: 2 });
  assert.deepEqual(guilt({ read: [lines.slice(1, 3)] }), { unread: 1 });
  assert.deepEqual(guilt({}, told.slice(0, 1)), { unanswered: 1 });
  assert.deepEqual(guilt({}, told.toReversed()), { answersReordered: 1 });
  assert.deepEqual(guilt({}, [...told, ...told.slice(1)]), { answeredTwice: 1 });
  assert.deepEqual(guilt({}, [...told, ...told.slice(1)], ["re a 2"]), { repeated: 1 });
});
