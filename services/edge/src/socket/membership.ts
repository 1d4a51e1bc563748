/** Which rooms a socket is in: at its opening, when its user joins a chat, and when it is gone. */
import type { ChatId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { chatIdsOf, type FeedChange, readChat, readFeed, readJoinedSeq, type Store } from "@rookery/store";
import { catchUp } from "../room/catch-up.ts";
import type { Rooms } from "../room/rooms.ts";
import type { Users } from "../room/users.ts";
import type { Connection, Presence } from "./connection.ts";

/** Changes of a feed read at once. */
const feedPage = 100;
const retryMs = 200;

export interface Membership {
  /**
   * Registers the socket with its user's actor, then reads the user's chats, then watches them, in this order: a chat
   * joined meanwhile is told by the feed.
   */
  open(connection: Connection): Promise<void>;
  /** Enters one more room, without its frames yet; undefined when the socket is gone. */
  enter(connection: Connection, chatId: ChatId): Promise<Presence | undefined>;
  /** The feed may have moved: passes on what is new. */
  pull(connection: Connection): Promise<void>;
  close(connection: Connection): void;
}

export function openMembership(parts: {
  readonly store: Store;
  readonly rooms: Rooms;
  readonly users: Users;
  readonly log: Log;
}): Membership {
  const { store, rooms, users, log } = parts;

  const enter = async (connection: Connection, chatId: ChatId): Promise<Presence | undefined> => {
    const room = await rooms.enter(chatId);
    const known = connection.rooms.get(chatId);
    if (connection.closed || known !== undefined) {
      rooms.leave(room);
      return known;
    }
    const presence = { room, subscribed: false };
    connection.rooms.set(chatId, presence);
    return presence;
  };

  const pull = async (connection: Connection): Promise<void> => {
    const { userId } = connection.session;
    while (connection.phase === "live") {
      const changes = await readFeed(store, userId, { after: connection.userRev, limit: feedPage });
      if (changes.length === 0) return;
      for (const change of changes) {
        await pass(connection, change);
        connection.userRev = change.rev;
      }
    }
  };

  const pass = async (connection: Connection, { chatId, rev, added }: FeedChange): Promise<void> => {
    if (!added) {
      const place = connection.rooms.get(chatId);
      connection.rooms.delete(chatId);
      connection.unsubscribe(chatId);
      if (place !== undefined) rooms.leave(place.room);
      connection.send({ type: "ChatRemoved", chatId, userRev: rev });
      return;
    }
    const presence = connection.rooms.get(chatId) ?? (await enter(connection, chatId));
    const chat = await readChat(store, connection.session.userId, chatId);
    if (presence === undefined || chat === null || connection.closed) return;
    connection.send({ type: "ChatAdded", chat, userRev: rev });
    if (presence.subscribed) return;
    // Everything since they came is live to them, also what was committed before this edge knew.
    const seq = await readJoinedSeq(store, chatId, connection.session.userId);
    await catchUp(
      store,
      presence.room,
      { seq, rev: chat.rev },
      {
        wanted: () => !connection.closed,
        page: ({ messages, changes }) =>
          connection.sendAll([
            ...changes,
            ...messages.map((message) => ({ type: "Message", ...message }) as const),
          ]),
        join: (missed) => {
          connection.sendAll(missed.map((each) => each.frame));
          connection.subscribe(chatId);
        },
      },
    );
  };

  return {
    enter,
    async open(connection) {
      const { userId } = connection.session;
      connection.userRev = await users.enter(connection);
      const chatIds = await chatIdsOf(store, userId);
      await Promise.all(chatIds.map((chatId) => enter(connection, chatId)));
    },
    async pull(connection) {
      // One pull at a time; a hint during one is answered by one more look.
      const previous = connection.pulling ?? Promise.resolve();
      const next = previous.then(async () => {
        while (!connection.closed) {
          try {
            return await pull(connection);
          } catch (error) {
            log.warn({ err: String(error) }, "a feed could not be read yet");
            await new Promise((resolve) => setTimeout(resolve, retryMs));
          }
        }
      });
      connection.pulling = next;
      await next;
    },
    close(connection) {
      connection.phase = "closed";
      users.leave(connection);
      for (const { room } of connection.rooms.values()) rooms.leave(room);
      connection.rooms.clear();
    },
  };
}
