import { type ChangeFrame, limits, type Mark, type Message } from "@rookery/protocol";
import { type ChatMarks, readChanges, readMarks, readMessages, type Store } from "@rookery/store";
import type { Place, Placed, Room } from "./room.ts";

const rowsMax = 500;
/** Room for the frame around the rows, and for a hundred receipts. */
const pageBytesMax = limits.frameBytesMax - 9_216;

export interface Page {
  readonly messages: readonly Message[];
  readonly changes: readonly ChangeFrame[];
  /** All there are, or none. */
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
 * Stops early when `wanted` says so. @throws what Postgres throws; the reader's place is then what its pages said.
 */
export async function catchUp(
  store: Store,
  room: Room,
  from: Place,
  reader: {
    readonly wanted: () => boolean;
    readonly page: (page: Page) => void;
    readonly join: (missed: readonly Placed[]) => void;
    /** Read before, and given to the reader with the first page. */
    readonly marks?: ChatMarks | undefined;
  },
): Promise<void> {
  room.beginCatchUp();
  try {
    let place = from;
    let found = reader.marks;
    while (reader.wanted()) {
      const [{ messages, changes }, marks] = await Promise.all([
        readPage(store, room, place),
        found ?? readWholeMarks(store, room, place),
      ]);
      if (!reader.wanted()) return;
      found = undefined;
      place = {
        seq: messages.at(-1)?.seq ?? place.seq,
        rev: changes.at(-1)?.rev ?? place.rev,
        receiptRev: Math.max(place.receiptRev, marks?.receiptRev ?? 0),
      };
      const missed = room.tailAfter(place);
      reader.page({ messages, changes, marks: marks?.marks ?? [], place, more: missed === null });
      if (missed === null) continue;
      reader.join(missed);
      return;
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

async function readPage(store: Store, room: Room, after: Place): Promise<Pick<Page, "messages" | "changes">> {
  const { seq, rev } = room.place;
  const [messages, changes] = await Promise.all([
    after.seq < seq ? readMessages(store, room.chatId, { after: after.seq, upTo: seq, limit: rowsMax }) : [],
    after.rev < rev ? readChanges(store, room.chatId, { after: after.rev, upTo: rev, limit: rowsMax }) : [],
  ]);
  const page: { messages: Message[]; changes: ChangeFrame[] } = { messages: [], changes: [] };
  let bytes = 0;
  for (const message of messages) {
    bytes += Buffer.byteLength(JSON.stringify(message));
    if (bytes > pageBytesMax && page.messages.length > 0) return page;
    page.messages.push(message);
  }
  for (const change of changes) {
    bytes += Buffer.byteLength(JSON.stringify(change));
    if (bytes > pageBytesMax && page.messages.length + page.changes.length > 0) return page;
    page.changes.push(change);
  }
  return page;
}
