import type { ClientFrameOf, Rev } from "@rookery/protocol";
import { memberHeads, readFeed, type Store } from "@rookery/store";
import { catchUp } from "../room/catch-up.ts";
import type { Place } from "../room/room.ts";
import type { Connection } from "./connection.ts";
import { isThere, type Membership } from "./membership.ts";

/** Chats of one Sync read at once, so that 500 chats do not take every connection to Postgres. */
const parallelMax = 8;
/** Chats joined while away that are told with everything since. */
const newsMax = 10_000;

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
  const { userId } = connection.session;
  const wanted = new Map(Object.entries(frame.chats).map(([id, place]) => [Number(id), place]));
  // A socket knows the chats it is in: only the others are looked up, or a storm of returning clients would be one of
  // queries too.
  const isKnown = (chatId: number): boolean => (connection.rooms.get(chatId)?.memberRev ?? null) !== null;
  const strange = [...wanted.keys()].filter((chatId) => !isKnown(chatId));
  const heads = strange.length === 0 ? [] : await memberHeads(store, userId, strange);
  const mine = new Map(heads.map((head) => [head.id, head.rev]));
  await release(parts, connection, wanted, frame.userRev);
  const queue = [...wanted];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [chatId, { seq, rev = 0 }] = next;
      const memberRev = mine.get(chatId) ?? (isKnown(chatId) ? 0 : undefined);
      if (memberRev !== undefined) await syncChat(parts, connection, { chatId, memberRev }, { seq, rev });
      else connection.refuse({ code: "not_found", message: `there is no chat ${chatId}` });
    }
  };
  await Promise.all(Array.from({ length: parallelMax }, work));
  await membership.pull(connection);
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
  for (const [chatId] of connection.rooms) {
    if (!wanted.has(chatId) && !unknown.has(chatId)) connection.subscribe(chatId);
  }
}

async function syncChat(
  { store, membership }: { readonly store: Store; readonly membership: Membership },
  connection: Connection,
  { chatId, memberRev }: { readonly chatId: number; readonly memberRev: Rev },
  from: Place,
): Promise<void> {
  const presence = connection.rooms.get(chatId) ?? (await membership.enter(connection, chatId, memberRev));
  if (presence === undefined) return;
  const { room } = presence;
  await catchUp(store, room, from, {
    // Out of the chat while it is read: ChatRemoved ends it.
    wanted: () => isThere(connection, chatId, presence),
    page: ({ messages, changes, place: reached, more }) =>
      connection.send({
        type: "SyncResult",
        chatId,
        messages,
        changes,
        receipts: [],
        headSeq: Math.max(room.place.seq, reached.seq),
        rev: reached.rev,
        more,
      }),
    join: (missed) => {
      if (presence.subscribed) return;
      connection.sendAll(missed.map((each) => each.frame));
      connection.subscribe(chatId);
    },
  });
}
