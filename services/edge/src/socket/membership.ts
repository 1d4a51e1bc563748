/** Which rooms a socket is in: at its opening, when its user joins or leaves a chat, and when it is gone. */
import {
  type AclSubject,
  type Chat,
  type ChatId,
  limits,
  parseAclSubject,
  type Rev,
  type UserId,
} from "@rookery/protocol";
import { type Log, openGather, sparseWarning } from "@rookery/runtime";
import {
  type FeedChange,
  memberHeads,
  readChat,
  readFeed,
  readJoinedSeq,
  type Store,
  toldChatsOfUsers,
} from "@rookery/store";
import { catchUp } from "../room/catch-up.ts";
import { receiptFrames } from "../room/receipts.ts";
import { framesOf } from "../room/room.ts";
import type { Rooms } from "../room/rooms.ts";
import type { Users } from "../room/users.ts";
import { wantsChat } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Presence } from "./seats.ts";

/** Changes of a feed read at once. */
const feedPage = 100;
const retryMs = 200;
/** People whose chats are read by one query. */
const readersMax = 500;

export interface Membership {
  /**
   * Registers the socket with its user's actor, then reads the user's chats, then watches them, in this order: a chat
   * joined meanwhile is told by the feed.
   */
  open(connection: Connection): Promise<void>;
  /**
   * Enters one more room, without its frames yet. `memberRev`: the user was seen in the chat at this rev of it.
   * Undefined when the socket is gone, or its user out of the chat by now; else let it go when it is done with.
   */
  enter(connection: Connection, chatId: ChatId, memberRev: Rev): Promise<Presence | undefined>;
  /** The socket hears nothing more from the chat. */
  leave(connection: Connection, chatId: ChatId): void;
  /** How far the feed of the socket's user is known to go. */
  feedRev(connection: Connection): Rev;
  /** The feed may have moved: passes on what is new, or everything after `from`, where that is less. */
  pull(connection: Connection, from?: Rev): Promise<void>;
  /** A user, or a key, may read a chat no further than this rev of it: their sockets hear nothing more from it. */
  evict(chatId: ChatId, subject: AclSubject, rev: Rev): void;
  close(connection: Connection): void;
}

export function openMembership(parts: {
  readonly store: Store;
  readonly rooms: Rooms;
  readonly users: Users;
  /** A user is out of a chat, by their own feed: it may come before the room's word, and be the only one then. */
  readonly departed: (userId: UserId) => void;
  readonly log: Log;
}): Membership {
  const { store, rooms, users } = parts;
  const warn = sparseWarning(parts.log, "a feed could not be read yet");
  const chatsOfPerson = openGather({
    questionsMax: readersMax,
    ask: (userIds: readonly UserId[]) => toldChatsOfUsers(store, userIds),
  });

  const leave = (connection: Connection, chatId: ChatId): void => {
    const room = connection.rooms.roomOf(chatId);
    if (room === undefined) return;
    connection.unsubscribe(chatId);
    connection.rooms.delete(chatId);
    rooms.leave(room);
    if (connection.deleteChannel(`chat:${chatId}`)) connection.tellWatched();
  };

  const enter: Membership["enter"] = async (connection, chatId, memberRev) => {
    const room = await rooms.enter(chatId);
    const known = connection.rooms.hold(chatId);
    if (connection.closed || known !== undefined) {
      rooms.leave(room);
      return known;
    }
    // What the room has passed on beyond that rev may have been their leaving: then it is looked up once more, and
    // whatever the room passes on meanwhile is noted.
    const isCertain = room.place.rev <= memberRev;
    const presence = connection.rooms.add(room, isCertain ? memberRev : null);
    if (isCertain) return presence;
    const [head] = await memberHeads(
      store,
      connection.session.userId,
      [chatId],
      connection.session.principal.keyId,
    );
    if (presence.gone) return undefined;
    if (head === undefined || presence.leftRev > head.rev) {
      leave(connection, chatId);
      return undefined;
    }
    presence.memberRev = head.rev;
    return presence;
  };

  const pull = async (connection: Connection): Promise<void> => {
    const { userId } = connection.session;
    while (connection.phase === "live" && connection.userRev < users.revOf(userId)) {
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
      const wasThere = connection.rooms.has(chatId);
      leave(connection, chatId);
      parts.departed(connection.session.userId);
      if (!wasThere && connection.hears === "chosen" && !connection.channels.has("all")) return;
      connection.send({ type: "ChatRemoved", chatId, userRev: rev });
      return;
    }
    if (!(await wantsChat(store, connection, chatId))) return;
    const { userId, principal } = connection.session;
    const chat = await readChat(store, userId, chatId, principal.keyId);
    // Gone again: the feed tells of that next.
    if (chat === null || connection.closed) return;
    const presence = connection.rooms.hold(chatId) ?? (await enter(connection, chatId, chat.rev));
    if (presence === undefined) return;
    try {
      await tell(connection, presence, { rev, chat });
    } finally {
      connection.rooms.letGo(presence);
    }
  };

  /** Of a chat that its user has joined, with everything since. */
  const tell = async (
    connection: Connection,
    presence: Presence,
    { rev, chat }: { readonly rev: Rev; readonly chat: Chat },
  ): Promise<void> => {
    if (connection.closed) return;
    const { id: chatId } = chat;
    presence.memberRev = Math.max(presence.memberRev ?? 0, chat.rev);
    // Everything since they came is live to them, also what was committed before this edge knew.
    const seq = await readJoinedSeq(store, chatId, connection.session.userId);
    if (!isThere(connection, presence)) return;
    // What was told before a read failed stays told: the client counts from there.
    if (presence.told?.userRev !== rev) {
      presence.told = { userRev: rev, place: { seq, rev: chat.rev, receiptRev: 0 } };
      connection.send({ type: "ChatAdded", chat, userRev: rev });
    }
    if (presence.isHeard) return;
    const { told } = presence;
    await catchUp(store, presence.room, told.place, {
      wanted: () => isThere(connection, presence),
      taken: () => connection.taken(),
      page: ({ messages, changes, marks, place }) => {
        told.place = place;
        connection.sendAll([
          ...changes,
          ...messages.map((message) => ({ type: "Message", ...message }) as const),
          ...receiptFrames(chatId, marks, marks.length > limits.crowdMin),
        ]);
      },
      join: (missed) => {
        connection.sendAll(missed.flatMap(framesOf));
        connection.subscribe(chatId);
      },
    });
  };

  return {
    enter,
    leave,
    feedRev: (connection) => users.revOf(connection.session.userId),
    async open(connection) {
      const { userId } = connection.session;
      connection.userRev = await users.enter(connection);
      if (connection.hears === "chosen") return;
      const { rev: userRev, chats } = await chatsOfPerson(userId);
      // Postgres may know more than the owner has said by now: a chat that is watched and not told would be new to its client.
      users.head(userId, userRev);
      connection.userRev = Math.max(connection.userRev, userRev);
      await Promise.all(
        chats.map(async ({ id, rev }) => {
          const presence = await enter(connection, id, rev);
          if (presence !== undefined) connection.rooms.letGo(presence);
        }),
      );
      connection.rooms.trim();
    },
    evict(chatId, subject, rev) {
      const { kind, id } = parseAclSubject(subject);
      for (const connection of kind === "user" ? users.connectionsOf(id) : users.connectionsBy(id)) {
        const memberRev = connection.rooms.memberRevOf(chatId);
        // Word from before that is old: they have come back since.
        if (memberRev === null) connection.rooms.noteLeft(chatId, rev);
        else if (memberRev !== undefined && rev > memberRev) leave(connection, chatId);
      }
    },
    async pull(connection, from) {
      // One pull at a time; a hint during one is answered by one more look.
      const previous = connection.pulling ?? Promise.resolve();
      const next = previous.then(async () => {
        if (from !== undefined) connection.userRev = Math.min(connection.userRev, from);
        while (!connection.closed) {
          try {
            return await pull(connection);
          } catch (error) {
            warn({ err: String(error) });
            await new Promise((resolve) => setTimeout(resolve, retryMs));
          }
        }
      });
      connection.pulling = next;
      await next;
      if (connection.pulling === next) connection.pulling = null;
    },
    close(connection) {
      connection.phase = "closed";
      users.leave(connection);
      for (const chatId of connection.rooms.keys()) {
        connection.unsubscribe(chatId);
        const room = connection.rooms.roomOf(chatId);
        if (room !== undefined) rooms.leave(room);
      }
      connection.rooms.clear();
    },
  };
}

/** Whether a socket is still in the room it has entered, and not out of it or back in it by another way. */
export function isThere(connection: Connection, presence: Presence): boolean {
  return !connection.closed && !presence.gone;
}
