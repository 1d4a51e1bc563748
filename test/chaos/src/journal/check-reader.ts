/**
 * Readers against each other and against Postgres. A reader is replayed by the rule of the contract: it keeps the
 * highest seq and rev of each chat and ignores what it has, so whatever is not the next is a gap for ever.
 */
import { partings } from "./check-change.ts";
import type { ChatPlace, Journals, ReadEntry, ReaderJournal } from "./entry.ts";
import type { Tally } from "./tally.ts";
import type { StoredMessage, Truth } from "./truth.ts";

type Seen = Extract<ReadEntry, { kind: "message" }>;
type Changed = Extract<ReadEntry, { kind: "change" }>;
type Receipt = Extract<ReadEntry, { kind: "receipt" }>;

/** A chat as one reader has it. */
interface Followed {
  /** The highest kept; null before the first message of a chat that came by ChatAdded. */
  seq: number | null;
  rev: number;
  /** Passed over by a jump; seen later they are out of order. */
  readonly skipped: Set<number>;
  /** Where each kept uuid was seen. */
  readonly uuids: Map<string, number>;
}

/** What stands at each place, `chat/seq` for messages and `chat/r/rev` for changes. */
interface Places {
  /** What a message has said: as it was sent, and as it was edited or deleted since. */
  readonly bodies: Map<string, Set<string>>;
  readonly stored: Map<string, string>;
  /** As the first reader saw it. */
  readonly seen: Map<string, { readonly what: string; readonly by: string }>;
}

/** Characters of a message in an example. */
const shownMax = 80;

export function checkReaders(journals: Journals, truth: Truth, tally: Tally): void {
  const places: Places = { bodies: bodiesOf(journals, truth), stored: new Map(), seen: new Map() };
  for (const message of truth.messages) {
    places.stored.set(`${message.chatId}/${message.seq}`, faceOf(message));
  }
  for (const { chatId, rev, frame } of truth.changes) {
    places.stored.set(`${chatId}/r/${rev}`, changeText(frame));
  }
  const joined = new Map(truth.members.map((each) => [`${each.chatId}/${each.userId}`, each.joinedSeq]));
  for (const reader of journals.readers) {
    const followed = replay(reader, places, joined, tally);
    checkEnd(reader, followed, truth, tally);
    checkReceipts(reader, truth, tally);
  }
}

/** A change as it is compared: its frame without what places it, in a fixed order of fields. */
export function changeText(frame: Readonly<Record<string, unknown>>): string {
  const { chatId: _chat, rev: _rev, ...rest } = frame;
  return JSON.stringify(Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function faceOf({ senderId, uuid }: Pick<StoredMessage, "senderId" | "uuid">): string {
  return `${uuid} of ${senderId}`;
}

function bodiesOf({ sends }: Journals, { messages, changes }: Truth): Map<string, Set<string>> {
  const sent = new Map(
    sends.flatMap((entry) =>
      entry.kind === "send" ? [[`${entry.senderId}/${entry.uuid}`, entry.body]] : [],
    ),
  );
  const bodies = new Map<string, Set<string>>();
  for (const { chatId, seq, senderId, uuid, body } of messages) {
    bodies.set(`${chatId}/${seq}`, new Set([body, sent.get(`${senderId}/${uuid}`) ?? body]));
  }
  for (const { chatId, frame } of changes) {
    if (frame["type"] === "MessageEdited")
      bodies.get(`${chatId}/${String(frame["seq"])}`)?.add(String(frame["body"]));
  }
  return bodies;
}

function replay(
  reader: ReaderJournal,
  places: Places,
  joined: ReadonlyMap<string, number>,
  tally: Tally,
): Map<number, Followed> {
  const followed = new Map<number, Followed>();
  for (const entry of reader.entries) {
    switch (entry.kind) {
      case "opened":
      case "receipt":
        break;
      case "left":
        followed.delete(entry.chatId);
        break;
      case "chat": {
        const place: ChatPlace | null = entry.base;
        followed.set(entry.chatId, {
          seq: place?.seq ?? null,
          rev: place?.rev ?? entry.rev,
          skipped: new Set(),
          uuids: new Map(),
        });
        break;
      }
      case "message": {
        const chat = followed.get(entry.chatId);
        if (chat === undefined) {
          tally.add("phantom", `${reader.name} saw chat ${entry.chatId}, which nobody told it of`);
          break;
        }
        compareMessage(reader, entry, places, tally);
        // Of who is out of the chat by now, it is not known any more.
        const start = joined.get(`${entry.chatId}/${reader.userId}`) ?? entry.seq - 1;
        keepMessage(reader, chat, entry, start, tally);
        break;
      }
      case "change": {
        const chat = followed.get(entry.chatId);
        if (chat === undefined) break;
        compareChange(reader, entry, places, tally);
        if (entry.rev > chat.rev + 1) {
          tally.add("gap", `${reader.name}, chat ${entry.chatId}: rev ${entry.rev} came after ${chat.rev}`);
        }
        chat.rev = Math.max(chat.rev, entry.rev);
        break;
      }
    }
  }
  return followed;
}

function keepMessage(
  reader: ReaderJournal,
  chat: Followed,
  entry: Seen,
  joinedSeq: number,
  tally: Tally,
): void {
  const { chatId, seq, uuid, live } = entry;
  const where = `${reader.name}, chat ${chatId}`;
  // Everything since they came is theirs, more than that may be.
  const highest = chat.seq ?? Math.min(seq - 1, joinedSeq);
  if (seq <= highest) {
    if (chat.skipped.delete(seq)) tally.add("disordered", `${where}: seq ${seq} came after ${highest}`);
    return;
  }
  if (seq > highest + 1) {
    const how = live ? "live" : "by Sync";
    tally.add("gap", `${where}: seq ${seq} came ${how} after ${highest}`);
    for (let missing = highest + 1; missing < seq; missing += 1) chat.skipped.add(missing);
  }
  chat.seq = seq;
  const known = chat.uuids.get(`${entry.senderId}/${uuid}`);
  if (known !== undefined) tally.add("repeated", `${where}: ${uuid} came at seq ${known} and at ${seq}`);
  chat.uuids.set(`${entry.senderId}/${uuid}`, seq);
}

function compareMessage(reader: ReaderJournal, entry: Seen, places: Places, tally: Tally): void {
  const place = `${entry.chatId}/${entry.seq}`;
  compare(places, place, faceOf(entry), reader.name, tally);
  if (places.bodies.get(place)?.has(entry.body) === false) {
    tally.add(
      "phantom",
      `${reader.name} saw ${place} say "${entry.body.slice(0, shownMax)}", which it never did`,
    );
  }
}

function compareChange(reader: ReaderJournal, entry: Changed, places: Places, tally: Tally): void {
  compare(places, `${entry.chatId}/r/${entry.rev}`, entry.text, reader.name, tally);
}

function compare({ stored, seen }: Places, place: string, what: string, reader: string, tally: Tally): void {
  const truth = stored.get(place);
  if (truth !== what) {
    const held = truth === undefined ? "nothing" : truth.slice(0, shownMax);
    tally.add("phantom", `${reader} saw ${what.slice(0, shownMax)} at ${place}, Postgres has ${held}`);
  }
  const first = seen.get(place);
  if (first === undefined) seen.set(place, { what, by: reader });
  else if (first.what !== what) {
    const other = `${first.by} ${first.what.slice(0, shownMax)}`;
    tally.add("disagreed", `${reader} saw ${what.slice(0, shownMax)} at ${place}, ${other}`);
  }
}

function checkEnd(
  reader: ReaderJournal,
  followed: ReadonlyMap<number, Followed>,
  truth: Truth,
  tally: Tally,
): void {
  const heads = new Map(truth.chats.map((chat) => [chat.id, chat]));
  for (const { chatId, userId, joinedSeq } of truth.members) {
    if (userId !== reader.userId) continue;
    const head = heads.get(chatId);
    if (head === undefined) continue;
    const chat = followed.get(chatId);
    const where = `${reader.name}, chat ${chatId}`;
    if (chat === undefined) {
      tally.add("behind", `${where}: it never heard of the chat`);
      continue;
    }
    const seq = chat.seq ?? joinedSeq;
    if (seq < head.headSeq) tally.add("behind", `${where}: ends at seq ${seq} of ${head.headSeq}`);
    if (chat.rev < head.rev) tally.add("behind", `${where}: ends at rev ${chat.rev} of ${head.rev}`);
  }
}

/** Receipts only go forward, never beyond the head, and end where Postgres has them; of who left, nothing is asked. */
function checkReceipts(reader: ReaderJournal, truth: Truth, tally: Tally): void {
  const parted = partings(truth);
  const heads = new Map(truth.chats.map(({ id, headSeq }) => [id, headSeq]));
  const last = new Map<string, Receipt>();
  for (const entry of reader.entries) {
    // What it was told of a chat before it left may be old by the time it is back.
    if (entry.kind === "left")
      for (const name of last.keys()) if (name.startsWith(`${entry.chatId}/`)) last.delete(name);
    if (entry.kind !== "receipt") continue;
    const { chatId, userId, deliveredSeq, readSeq } = entry;
    const name = `${chatId}/${userId}`;
    if (parted.has(name)) continue;
    const before = last.get(name);
    if (deliveredSeq > (heads.get(chatId) ?? 0)) {
      tally.add("backward", `${reader.name}: ${name} got ${deliveredSeq} of ${heads.get(chatId)}`);
    }
    if (before !== undefined && (deliveredSeq < before.deliveredSeq || readSeq < before.readSeq)) {
      tally.add("backward", `${reader.name}: ${name} went back to ${readSeq} after ${before.readSeq}`);
    }
    last.set(name, entry);
  }
  const mine = new Set(truth.members.flatMap((each) => (each.userId === reader.userId ? [each.chatId] : [])));
  for (const { chatId, userId, readSeq } of truth.marks) {
    if (!mine.has(chatId) || parted.has(`${chatId}/${userId}`)) continue;
    const seen = last.get(`${chatId}/${userId}`)?.readSeq ?? 0;
    if (seen !== readSeq) {
      tally.add(
        "behind",
        `${reader.name}, chat ${chatId}: user ${userId} has read ${seen}, and truly ${readSeq}`,
      );
    }
  }
}
