import { type ChatId, type ClientFrameOf, closeCodes, type Rev, type ServerFrame } from "@rookery/protocol";
import { type ChatMarks, memberHeads, readFeed, readFewMarks, type Store } from "@rookery/store";
import type { FaultOf } from "../outage.ts";
import { catchUp, type Page } from "../room/catch-up.ts";
import { framesOf, type Place, type Room } from "../room/room.ts";
import type { Connection } from "./connection.ts";
import { isThere, type Membership } from "./membership.ts";

/** Chats of one Sync read at once, so that 500 chats do not take every connection to Postgres. */
const parallelMax = 8;
/** Syncs of one socket that wait for those before them (L7); all chats one may be in are 20. */
const waitingMax = 32;
/** Receipts beside a page of messages, which leaves them this room; more go in a frame of their own. */
const receiptsAlongMax = 100;
/** Chats joined while away that are told with everything since. */
const newsMax = 10_000;

/** Takes the Syncs of all sockets, those of one socket one after the other. */
export function openSyncs(parts: {
  readonly store: Store;
  readonly membership: Membership;
  readonly faultOf: FaultOf;
}): (connection: Connection, frame: ClientFrameOf<"Sync">) => void {
  const queues = new Map<Connection, { waiting: number; last: Promise<void> }>();
  return (connection, frame) => {
    const queue = queues.get(connection) ?? { waiting: 0, last: Promise.resolve() };
    if (queue.waiting >= waitingMax) {
      connection.refuse({
        code: "overloaded",
        message: `more than ${waitingMax} Syncs wait`,
        retryMs: 1_000,
      });
      return;
    }
    queues.set(connection, queue);
    queue.waiting += 1;
    queue.last = queue.last
      .then(() => (connection.closed ? undefined : sync(parts, connection, frame)))
      .catch((error: unknown) => {
        const { connId } = connection.session;
        parts.faultOf(error, "a Sync met a bug", { connId });
        // Only a new socket knows where it stands.
        connection.end(closeCodes.unavailable, "cannot read history now");
      })
      .finally(() => {
        queue.waiting -= 1;
        if (queue.waiting === 0) queues.delete(connection);
      });
  };
}

/**
 * Answers a Sync: of each chat what is after the client's place, in pages, exact while writes go on.
 *
 * On a socket that was held, this is also where its chats go live: those asked for after their last page, the others at
 * once. Chats the user is not in are refused one by one.
 */
export async function sync(
  parts: { readonly store: Store; readonly membership: Membership },
  connection: Connection,
  frame: ClientFrameOf<"Sync">,
): Promise<void> {
  const { store, membership } = parts;
  const { userId, principal } = connection.session;
  const wanted = new Map(Object.entries(frame.chats).map(([id, place]) => [Number(id), place]));
  // A socket knows the chats it is in: only the others are looked up, or a storm of returning clients would be one of
  // queries too.
  const isKnown = (chatId: number): boolean => (connection.rooms.memberRevOf(chatId) ?? null) !== null;
  const strange = [...wanted.keys()].filter((chatId) => !isKnown(chatId));
  const heads = strange.length === 0 ? [] : await memberHeads(store, userId, strange, principal.keyId);
  const mine = new Map(heads.map((head) => [head.id, head.rev]));
  // A chat that is watched and has no receipts needs no look.
  const hasReceipts = (chatId: number): boolean => connection.rooms.roomOf(chatId)?.receiptRev !== 0;
  const wasHeld = connection.phase === "held";
  await release(parts, connection, wanted, frame.userRev);
  const marks = await readFewMarks(store, [...wanted.keys()].filter(hasReceipts));
  const queue = [...wanted];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [chatId, { seq, rev = 0 }] = next;
      const memberRev = mine.get(chatId) ?? (isKnown(chatId) ? 0 : undefined);
      const from = { seq, rev, receiptRev: 0 };
      if (memberRev !== undefined) {
        await syncChat(parts, connection, { chatId, memberRev, from, marks: marks.get(chatId) });
      } else connection.refuse({ code: "not_found", message: `there is no chat ${chatId}` });
    }
  };
  await Promise.all(Array.from({ length: parallelMax }, work));
  // A socket that was not held has been told of what came since it was opened; what was before, it is told now.
  await membership.pull(connection, wasHeld ? undefined : frame.userRev);
}

/**
 * The end of a hold. Chats the client did not ask for go live where they stand, unless it cannot know them yet: those
 * come by the feed, with everything since its user joined.
 */
async function release(
  { store, membership }: { readonly store: Store; readonly membership: Membership },
  connection: Connection,
  wanted: ReadonlyMap<number, unknown>,
  userRev: Rev | undefined,
): Promise<void> {
  if (connection.phase !== "held") return;
  const news =
    userRev === undefined || userRev >= membership.feedRev(connection)
      ? []
      : await readFeed(store, connection.session.userId, { after: userRev, limit: newsMax });
  const unknown = new Set(news.map((change) => change.chatId));
  if (connection.phase !== "held") return;
  if (userRev !== undefined) connection.userRev = userRev;
  connection.phase = "live";
  for (const chatId of connection.rooms.keys()) {
    if (!wanted.has(chatId) && !unknown.has(chatId)) connection.subscribe(chatId);
  }
}

interface SyncedChat {
  readonly chatId: ChatId;
  readonly memberRev: Rev;
  readonly from: Place;
  readonly marks: ChatMarks | undefined;
}

async function syncChat(
  { store, membership }: { readonly store: Store; readonly membership: Membership },
  connection: Connection,
  { chatId, memberRev, from, marks }: SyncedChat,
): Promise<void> {
  const known = connection.rooms.hold(chatId);
  const presence = known ?? (await membership.enter(connection, chatId, memberRev));
  if (presence === undefined) return;
  // A chat that its client reads and has not chosen to hear.
  const isVisit = known === undefined && connection.hears === "chosen";
  const { room } = presence;
  try {
    await catchUp(store, room, from, {
      marks,
      // Out of the chat while it is read: ChatRemoved ends it.
      wanted: () => isThere(connection, presence),
      taken: () => connection.taken(),
      page: (page) => connection.sendAll(syncResults(room, page)),
      join: (missed) => {
        if (presence.isHeard) return;
        connection.sendAll(missed.flatMap(framesOf));
        if (!isVisit) connection.subscribe(chatId);
      },
    });
    if (isVisit && !presence.isHeard && isThere(connection, presence)) membership.leave(connection, chatId);
  } finally {
    connection.rooms.letGo(presence);
  }
}

/** A page as frames: the receipts go along, unless they are so many that they need a frame of their own. */
function* syncResults(
  { chatId, place: { seq } }: Room,
  { messages, changes, marks, place, more }: Page,
): Generator<ServerFrame> {
  const receipts = marks.map((mark) => ({ chatId, ...mark }));
  const result = { type: "SyncResult", chatId, headSeq: Math.max(seq, place.seq), rev: place.rev } as const;
  if (receipts.length <= receiptsAlongMax) {
    yield { ...result, messages, changes, receipts, more };
    return;
  }
  const isAll = messages.length + changes.length === 0;
  yield { ...result, messages: [], changes: [], receipts, more: more || !isAll };
  if (!isAll) yield { ...result, messages, changes, receipts: [], more };
}
