/** A small history in which everything is right; tests spoil one thing at a time. */
import { changeText } from "../src/journal/check-reader.ts";
import type {
  AuditEntry,
  FaultEntry,
  InviteEntry,
  Journals,
  ReadEntry,
  SendEntry,
} from "../src/journal/entry.ts";
import type { StoredMessage, Truth } from "../src/journal/truth.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

export interface History {
  sends: SendEntry[];
  invites: InviteEntry[];
  audits: AuditEntry[];
  faults: FaultEntry[];
  readers: { name: string; userId: number; entries: ReadEntry[] }[];
  truth: Writable<Truth>;
}

export const chatId = 5;
const [ada, bob] = [1, 2];

export function journalsOf({ sends, invites, audits, faults, readers }: History): Journals {
  return { sends, invites, audits, faults, readers };
}

export function messageAt(seq: number): StoredMessage {
  const uuid = `m${seq}`;
  const unchanged = { isDeleted: false, pinned: false, reactions: {} };
  return {
    chatId,
    seq,
    senderId: ada,
    uuid,
    kind: "text",
    body: `body of ${uuid}`,
    ts: 1_000 + seq,
    ...unchanged,
  };
}

export function seen(message: StoredMessage, live = true, link = 1): Extract<ReadEntry, { kind: "message" }> {
  const { seq, uuid, senderId, body } = message;
  return { kind: "message", chatId, seq, uuid, senderId, body, live, link, atMs: 100 * seq + 8 };
}

const join = { type: "MemberChanged", userId: bob, role: "member", change: "joined" };

/** Ada sends three messages, one after the other is acked; both people read them, and Bob's coming as rev 1. */
export function cleanHistory(): History {
  const messages = [1, 2, 3].map(messageAt);
  const reader = (name: string, userId: number): History["readers"][number] => ({
    name,
    userId,
    entries: [
      { kind: "opened", link: 1, edge: 0, atMs: 0 },
      { kind: "chat", chatId, base: { seq: 0, rev: 0 }, rev: 0 },
      { kind: "change", chatId, rev: 1, text: changeText({ ...join, chatId, rev: 1 }), live: true, link: 1 },
      ...messages.map((message) => seen(message)),
    ],
  });
  return {
    sends: messages.flatMap(({ seq, uuid, senderId, body, ts }) => [
      { kind: "send", uuid, chatId, senderId, body, atMs: 100 * seq },
      {
        kind: "ack",
        uuid,
        chatId,
        senderId,
        seq,
        rev: 1,
        ts,
        duplicate: false,
        edge: 0,
        atMs: 100 * seq + 5,
      },
    ]),
    invites: [
      { kind: "invite", uuid: "i1", chatId, senderId: ada, userId: bob, atMs: 10 },
      { kind: "invited", uuid: "i1", chatId, userId: bob, atMs: 20 },
    ],
    audits: [{ kind: "audit", uuid: "m2", chatId, seq: 2, storedSeq: 2, atMs: 210 }],
    faults: [{ kind: "frozen", fromMs: 150, toMs: 190 }],
    readers: [reader("ada", ada), reader("bob", bob)],
    truth: {
      chats: [{ id: chatId, headSeq: 3, rev: 1 }],
      messages,
      changes: [{ chatId, rev: 1, frame: { ...join, chatId, rev: 1 } }],
      outcomes: [],
      marks: [],
      members: [
        { chatId, userId: ada, joinedSeq: 0 },
        { chatId, userId: bob, joinedSeq: 0 },
      ],
      deadLetters: [],
      relays: [],
      offsets: [
        { shard: 0, appliedSeq: 9, lastSeq: 9 },
        { shard: 1, appliedSeq: 0, lastSeq: 0 },
      ],
    },
  };
}
