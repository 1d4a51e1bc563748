import assert from "node:assert/strict";
import { test } from "node:test";
import { changeText } from "../src/journal/check-reader.ts";
import type { ReadEntry } from "../src/journal/entry.ts";
import { type CounterName, counters, guiltOf } from "../src/journal/tally.ts";
import { judge } from "../src/journal/verdict.ts";
import { chatId, cleanHistory, type History, journalsOf, messageAt, seen } from "./history.ts";

function guilt(spoil: (history: History) => void): CounterName[] {
  const history = cleanHistory();
  spoil(history);
  return guiltOf(judge(journalsOf(history), history.truth)).toSorted();
}

function readerOf(history: History, index: number): ReadEntry[] {
  const reader = history.readers[index];
  assert.ok(reader);
  return reader.entries;
}

function dropSeen(entries: ReadEntry[], seq: number): void {
  entries.splice(
    entries.findIndex((entry) => entry.kind === "message" && entry.seq === seq),
    1,
  );
}

test("a history in which everything is right is clean", () => {
  assert.deepEqual(
    guilt(() => undefined),
    [],
  );
});

const edit = { uuid: "e1", chatId, seq: 2, body: "edited" } as const;

/** The second message is edited, as it should be. */
function edited(history: History): void {
  const { uuid, seq, body } = edit;
  const named = { uuid, chatId, senderId: 1 };
  const frame = { type: "MessageEdited", chatId, rev: 2, seq, body };
  const { truth, sends } = history;
  sends.push({ kind: "ask", ...named, type: "EditMessage", seq, body, atMs: 450 });
  sends.push({ kind: "done", ...named, seq, rev: 2, ts: 9, duplicate: false, edge: 0, atMs: 455 });
  truth.outcomes.push({ ...named, seq, rev: 2, ts: 9 });
  truth.changes.push({ chatId, rev: 2, frame });
  truth.chats = [{ id: chatId, headSeq: 3, rev: 2 }];
  truth.messages = truth.messages.map((message) => (message.seq === seq ? { ...message, body } : message));
  for (const { entries } of history.readers) {
    entries.push({ kind: "change", chatId, rev: 2, text: changeText(frame), live: true, link: 1 });
  }
}

function receipt(readSeq: number): ReadEntry {
  return { kind: "receipt", chatId, userId: 2, deliveredSeq: 3, readSeq };
}

interface Case {
  readonly name: string;
  readonly guilt: readonly CounterName[];
  readonly spoil: (history: History) => void;
}

const cases: readonly Case[] = [
  {
    name: "an acked message that is not in Postgres is lost, and its readers saw a phantom",
    guilt: ["lost", "phantom"],
    spoil({ truth }) {
      truth.messages.pop();
      truth.chats = [{ id: chatId, headSeq: 2, rev: 1 }];
    },
  },
  {
    name: "an invitation that was answered and is not in Postgres is lost",
    guilt: ["lost"],
    spoil(history) {
      history.truth.members.pop();
    },
  },
  {
    name: "a uuid stored under two sequences is duplicated, and repeated to readers",
    guilt: ["duplicated", "repeated"],
    spoil(history) {
      const again = { ...messageAt(4), uuid: "m1" };
      history.truth.messages.push(again);
      history.truth.chats = [{ id: chatId, headSeq: 4, rev: 1 }];
      // The first ack stands; the map of rows holds the later one.
      history.sends = history.sends.filter((entry) => entry.uuid !== "m1");
      for (const { entries } of history.readers) entries.push(seen(again));
    },
  },
  {
    name: "somebody who joined twice without leaving is duplicated",
    guilt: ["duplicated"],
    spoil(history) {
      const { truth } = history;
      const [first] = truth.changes;
      assert.ok(first);
      truth.changes.push({ ...first, rev: 2 });
      truth.chats = [{ id: chatId, headSeq: 3, rev: 2 }];
      for (const { entries } of history.readers) {
        const change = entries.find((entry) => entry.kind === "change");
        assert.ok(change);
        entries.push({ ...change, rev: 2 });
      }
    },
  },
  {
    name: "two acks of one uuid that differ are reacked, and one of them is wrong",
    guilt: ["misacked", "reacked"],
    spoil({ sends }) {
      const ack = sends.find((entry) => entry.kind === "ack");
      assert.ok(ack?.kind === "ack");
      sends.push({ ...ack, seq: 2, duplicate: true });
    },
  },
  {
    name: "an ack with another sequence than Postgres is misacked",
    guilt: ["misacked"],
    spoil({ sends }) {
      const index = sends.findLastIndex((entry) => entry.kind === "ack");
      const ack = sends[index];
      assert.ok(ack?.kind === "ack");
      sends[index] = { ...ack, seq: 4 };
    },
  },
  {
    name: "a sequence that Postgres lacks is a gap",
    guilt: ["gap"],
    spoil(history) {
      const { truth } = history;
      truth.messages.splice(1, 1);
      history.sends = history.sends.filter((entry) => entry.uuid !== "m2");
      for (const { entries } of history.readers) dropSeen(entries, 2);
    },
  },
  {
    name: "a chat whose head is not its last message has a gap",
    guilt: ["behind", "gap"],
    spoil({ truth }) {
      truth.chats = [{ id: chatId, headSeq: 4, rev: 1 }];
    },
  },
  {
    name: "a rev that Postgres lacks is a gap",
    guilt: ["behind", "gap"],
    spoil({ truth }) {
      truth.chats = [{ id: chatId, headSeq: 3, rev: 2 }];
    },
  },
  {
    name: "a message that a reader never got is a gap",
    guilt: ["gap"],
    spoil: (history) => dropSeen(readerOf(history, 1), 2),
  },
  {
    name: "a message that a reader got after its successor is out of order",
    guilt: ["disordered", "gap"],
    spoil(history) {
      const entries = readerOf(history, 0);
      dropSeen(entries, 2);
      entries.push(seen(messageAt(2)));
    },
  },
  {
    name: "a rev that a reader skipped is a gap",
    guilt: ["gap"],
    spoil(history) {
      const { truth } = history;
      truth.changes.push({ chatId, rev: 2, frame: { type: "Pinned" } });
      truth.changes.push({ chatId, rev: 3, frame: { type: "Pinned" } });
      truth.chats = [{ id: chatId, headSeq: 3, rev: 3 }];
      const pinned = (rev: number): ReadEntry => ({
        kind: "change",
        chatId,
        rev,
        text: changeText({ type: "Pinned" }),
        live: true,
        link: 1,
      });
      readerOf(history, 0).push(pinned(2), pinned(3));
      readerOf(history, 1).push(pinned(3));
    },
  },
  {
    name: "a reader that saw what is not in Postgres saw a phantom, and two that differ disagree",
    guilt: ["disagreed", "phantom"],
    spoil(history) {
      const entries = readerOf(history, 1);
      const index = entries.findIndex((entry) => entry.kind === "message" && entry.seq === 2);
      entries[index] = seen({ ...messageAt(2), uuid: "m9" });
    },
  },
  {
    name: "a body that a message never had is a phantom",
    guilt: ["phantom"],
    spoil(history) {
      const entries = readerOf(history, 1);
      const index = entries.findIndex((entry) => entry.kind === "message" && entry.seq === 2);
      entries[index] = seen({ ...messageAt(2), body: "something else" });
    },
  },
  {
    name: "an acked edit without its outcome is lost",
    guilt: ["lost"],
    spoil(history) {
      edited(history);
      history.truth.outcomes = [];
    },
  },
  {
    name: "an acked edit that is not under its rev is lost",
    guilt: ["lost", "phantom", "torn"],
    spoil(history) {
      edited(history);
      const change = history.truth.changes.at(-1);
      assert.ok(change);
      history.truth.changes[1] = { ...change, frame: { ...change.frame, body: "another" } };
    },
  },
  {
    name: "an edit acked with two outcomes is reacked, and one of them is wrong",
    guilt: ["lost", "misacked", "reacked"],
    spoil(history) {
      edited(history);
      const done = history.sends.at(-1);
      assert.ok(done?.kind === "done");
      history.sends.push({ ...done, rev: 1 });
    },
  },
  {
    name: "an edit that was never answered is unanswered",
    guilt: ["unanswered"],
    spoil(history) {
      edited(history);
      history.sends.pop();
    },
  },
  {
    name: "an edit refused for what no edit deserves is refused",
    guilt: ["refused"],
    spoil(history) {
      edited(history);
      const { uuid } = edit;
      history.sends.pop();
      history.sends.push({ kind: "declined", uuid, chatId, senderId: 1, code: "conflict", atMs: 460 });
    },
  },
  {
    name: "[L1] an edit acked while Postgres stood still was told too early",
    guilt: ["early"],
    spoil(history) {
      edited(history);
      history.faults.push({ kind: "frozen", fromMs: 445, toMs: 456 });
    },
  },
  {
    name: "a message that its changes would make another is torn",
    guilt: ["torn"],
    spoil(history) {
      edited(history);
      const message = history.truth.messages[1];
      assert.ok(message);
      history.truth.messages[1] = { ...message, pinned: true };
    },
  },
  {
    name: "a receipt that went back, on a reader or beyond the head, is backward",
    guilt: ["backward"],
    spoil(history) {
      const [one, other] = [readerOf(history, 0), readerOf(history, 1)];
      one.push(receipt(3), receipt(2), receipt(3));
      other.push(receipt(3));
      history.truth.marks.push({ chatId, userId: 2, deliveredSeq: 3, readSeq: 3 });
    },
  },
  {
    name: "a receipt that a reader never got leaves it behind",
    guilt: ["behind"],
    spoil(history) {
      readerOf(history, 0).push(receipt(3));
      readerOf(history, 1).push(receipt(2));
      history.truth.marks.push({ chatId, userId: 2, deliveredSeq: 3, readSeq: 3 });
    },
  },
  {
    name: "a receipt that was answered and is not in Postgres is lost",
    guilt: ["lost"],
    spoil({ invites }) {
      invites.push({ kind: "read", chatId, userId: 2, seq: 3, atMs: 500 });
    },
  },
  {
    name: "a message sent after another was acked and stored before it is out of order",
    guilt: ["disordered"],
    spoil(history) {
      const { sends } = history;
      history.faults = [];
      const index = sends.findIndex((entry) => entry.kind === "send" && entry.uuid === "m1");
      const send = sends[index];
      assert.ok(send?.kind === "send");
      // m1 stands at 1 although it was sent when m2 had been acked.
      sends[index] = { ...send, atMs: 206 };
      const ack = sends.findIndex((entry) => entry.kind === "ack" && entry.uuid === "m1");
      const acked = sends[ack];
      assert.ok(acked?.kind === "ack");
      sends[ack] = { ...acked, atMs: 207 };
    },
  },
  {
    name: "a reader that ends before the head is behind",
    guilt: ["behind"],
    spoil: (history) => dropSeen(readerOf(history, 0), 3),
  },
  {
    name: "a reader that never heard of a chat it is in is behind",
    guilt: ["behind"],
    spoil(history) {
      history.readers.push({ name: "bob's phone", userId: 2, entries: [] });
    },
  },
  {
    name: "a message that was never acked is unanswered",
    guilt: ["unanswered"],
    spoil(history) {
      history.sends = history.sends.filter((entry) => !(entry.kind === "ack" && entry.uuid === "m3"));
    },
  },
  {
    name: "a message that was refused for good is refused",
    guilt: ["refused"],
    spoil({ sends }) {
      const named = { uuid: "m9", chatId, senderId: 1 };
      sends.push({ kind: "send", ...named, body: "x", atMs: 400 });
      sends.push({ kind: "refusal", ...named, code: "forbidden", atMs: 405 });
    },
  },
  {
    name: "[L1] what a look into Postgres did not find was told too early",
    guilt: ["early"],
    spoil({ audits }) {
      audits.push({ kind: "audit", uuid: "m3", chatId, seq: 3, storedSeq: null, atMs: 306 });
    },
  },
  {
    name: "[L1] what was sent and acked while Postgres stood still was told too early",
    guilt: ["early"],
    spoil({ faults }) {
      faults.push({ kind: "frozen", fromMs: 295, toMs: 306 });
    },
  },
  {
    name: "a dead letter is a finding",
    guilt: ["parked"],
    spoil({ truth }) {
      truth.deadLetters.push({ uuid: "m9", reason: "23505" });
    },
  },
  {
    name: "a command that waits for its actor for ever is a finding",
    guilt: ["unrelayed"],
    spoil({ truth }) {
      truth.relays.push({ id: "chat:5/1/user:2" });
    },
  },
  {
    name: "[L6] a log that was trimmed past its offset is a finding",
    guilt: ["offset"],
    spoil({ truth }) {
      truth.offsets[0] = { shard: 0, appliedSeq: 10, lastSeq: 0 };
    },
  },
  {
    name: "an offset that is not the end of its log is a finding",
    guilt: ["offset"],
    spoil({ truth }) {
      truth.offsets[0] = { shard: 0, appliedSeq: 10, lastSeq: 9 };
    },
  },
];

for (const { name, guilt: expected, spoil } of cases) {
  test(name, () => assert.deepEqual(guilt(spoil), expected));
}

test("every counter has a history that raises it", () => {
  const raised = new Set(cases.flatMap((each) => each.guilt));
  assert.deepEqual(
    Object.keys(counters).filter((name) => !raised.has(name as CounterName)),
    [],
  );
});

test("repeats by Sync and by live frames of what a reader has are no finding", () => {
  const spoil = (history: History): void => {
    const entries = readerOf(history, 1);
    entries.push({ kind: "opened", link: 2, edge: 1, atMs: 500 });
    for (const seq of [2, 3]) entries.push(seen(messageAt(seq), false, 2));
  };
  assert.deepEqual(guilt(spoil), []);
});

test("an edited message, seen before and after, is no finding", () => {
  const spoil = (history: History): void => {
    edited(history);
    readerOf(history, 1).push(seen({ ...messageAt(2), body: edit.body }, false, 2));
  };
  assert.deepEqual(guilt(spoil), []);
});

test("a chat that came by ChatAdded begins where its user joined, and not later", () => {
  const late = (first: number) => (history: History) => {
    history.truth.members[1] = { chatId, userId: 2, joinedSeq: 1 };
    const reader = history.readers[1];
    assert.ok(reader);
    reader.entries = [
      { kind: "chat", chatId, base: null, rev: 1 },
      ...[1, 2, 3].filter((seq) => seq >= first).map((seq) => seen(messageAt(seq))),
    ];
  };
  assert.deepEqual(guilt(late(2)), []);
  assert.deepEqual(guilt(late(1)), []);
  assert.deepEqual(guilt(late(3)), ["gap"]);
});
