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
      entries[index] = seen({ ...messageAt(2), body: "something else" });
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
      sends.push({ kind: "send", ...named, atMs: 400 });
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
