import { type ChangeFrame, limits, type Mark, type Message } from "@rookery/protocol";
import { type ChatMarks, readChanges, readMarks, readMessages, type Store } from "@rookery/store";
import type { Place, Placed, Room } from "./room.ts";

const rowsMax = 500;
/** Where the last page was full before its rows were at an end, so many times as many are read for the next. */
const rowsAhead = 2;
const rowsMin = 16;
/** Room for the frame around the rows, and for a hundred receipts. */
const pageBytesMax = limits.frameBytesMax - 9_216;
/** Of a page that has nothing else; as many as fit a frame. */
const marksMax = 800;

export interface Page {
  readonly messages: readonly Message[];
  readonly changes: readonly ChangeFrame[];
  /** All there are, or none; where they are many, the first of them in pages of their own. */
  readonly marks: readonly Mark[];
  /** Where the reader stands after this page. */
  readonly place: Place;
  /** More pages follow. */
  readonly more: boolean;
}

/**
 * Brings one reader from its place to the room's, exactly, while writes go on.
 *
 * Pages come from committed rows. The frames passed on meanwhile are kept by the room, so the last page, the kept
 * frames behind it (`join`) and the socket's subscription happen in one tick: nothing is missed, nothing comes twice.
 * A page waits until those before it are taken: who reads slowly, and has much to catch up with, is no slow consumer by that.
 * Stops early when `wanted` says so. @throws what Postgres throws; the reader's place is then what its pages said.
 */
export async function catchUp(
  store: Store,
  room: Room,
  from: Place,
  reader: {
    readonly wanted: () => boolean;
    readonly page: (page: Page) => void;
    /** Resolves when the reader has room for one more page. */
    readonly taken: () => Promise<void>;
    readonly join: (missed: readonly Placed[]) => void;
    /** Read before, and given to the reader with the first page. */
    readonly marks?: ChatMarks | undefined;
  },
): Promise<void> {
  room.beginCatchUp();
  try {
    let place = from;
    let found = reader.marks;
    let limit = rowsMax;
    while (reader.wanted()) {
      const [{ messages, changes, isCut }, marks] = await Promise.all([
        readPage(store, room, { after: place, limit }),
        found ?? readWholeMarks(store, room, place),
      ]);
      if (!reader.wanted()) return;
      found = undefined;
      limit = isCut ? Math.max(rowsMin, rowsAhead * (messages.length + changes.length)) : rowsMax;
      let rest = marks?.marks ?? [];
      while (rest.length > marksMax) {
        reader.page({ messages: [], changes: [], marks: rest.slice(0, marksMax), place, more: true });
        rest = rest.slice(marksMax);
        await reader.taken();
        if (!reader.wanted()) return;
      }
      place = {
        seq: messages.at(-1)?.seq ?? place.seq,
        rev: changes.at(-1)?.rev ?? place.rev,
        receiptRev: Math.max(place.receiptRev, marks?.receiptRev ?? 0),
      };
      const missed = room.tailAfter(place);
      reader.page({ messages, changes, marks: rest, place, more: missed === null });
      if (missed !== null) {
        reader.join(missed);
        return;
      }
      await reader.taken();
    }
  } finally {
    room.endCatchUp();
  }
}

/** Whole or not at all: nobody but the reader knows which of them it has. */
async function readWholeMarks(store: Store, room: Room, after: Place): Promise<ChatMarks | undefined> {
  if (after.receiptRev >= room.place.receiptRev) return undefined;
  return (await readMarks(store, [room.chatId])).get(room.chatId);
}

/** As many of the next rows as fit a page; `isCut`: there were more of them. */
async function readPage(
  store: Store,
  room: Room,
  { after, limit }: { readonly after: Place; readonly limit: number },
): Promise<Pick<Page, "messages" | "changes"> & { readonly isCut: boolean }> {
  const { seq, rev } = room.place;
  const [messages, changes] = await Promise.all([
    after.seq < seq ? readMessages(store, room.chatId, { after: after.seq, upTo: seq, limit }) : [],
    after.rev < rev ? readChanges(store, room.chatId, { after: after.rev, upTo: rev, limit }) : [],
  ]);
  const page: { messages: Message[]; changes: ChangeFrame[] } = { messages: [], changes: [] };
  let bytes = 0;
  for (const message of messages) {
    bytes += Buffer.byteLength(JSON.stringify(message));
    if (bytes > pageBytesMax && page.messages.length > 0) return { ...page, isCut: true };
    page.messages.push(message);
  }
  for (const change of changes) {
    bytes += Buffer.byteLength(JSON.stringify(change));
    if (bytes > pageBytesMax && page.messages.length + page.changes.length > 0)
      return { ...page, isCut: true };
    page.changes.push(change);
  }
  return { ...page, isCut: false };
}
