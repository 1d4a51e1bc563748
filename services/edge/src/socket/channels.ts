/** What sockets ask to watch: whether they may, from when on, and until when. */
import { type ClientFrameOf, faultInfo, limits, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { ownBots, type Reader, type Store, watchablePairs } from "@rookery/store";
import type { FaultOf } from "../outage.ts";
import type { Presences, PresenceWatch } from "../room/presences.ts";
import type { Users } from "../room/users.ts";
import { type ChannelNames, chatsOf, readChannels } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Membership } from "./membership.ts";

/** Watch and Unwatch of one socket that wait for those before them (L7). */
const waitingMax = 16;
/** People who have left a chat: whether they may still watch each other is looked up together. */
const departedMs = 200;
/** All that is watched is looked up again so often: a permission may end without a word, as that of an admin. */
const sweepMs = 30_000;
/** Pairs of people looked up by one query, and the pause between two. */
const pairsMax = 1_000;
const pauseMs = 100;

export interface Channels {
  /** Answered with `Watched`, after an `Error` for each channel that is refused. In the order they came. */
  handle(connection: Connection, frame: ClientFrameOf<"Watch" | "Unwatch">): void;
  /** The user has left a chat: who watches them, and whom they watch, is looked up again. */
  departed(userId: UserId): void;
  /** The socket is gone. */
  leave(connection: Connection): void;
  close(): void;
}

export function openChannels(parts: {
  readonly store: Store;
  readonly membership: Pick<Membership, "enter" | "leave">;
  readonly users: Pick<Users, "connectionsOf">;
  readonly presences: Presences;
  readonly faultOf: FaultOf;
  readonly log: Log;
}): Channels {
  const { store, membership, users, presences, log } = parts;
  const queues = new WeakMap<Connection, { waiting: number; last: Promise<void> }>();
  const departed = new Set<UserId>();

  const watch = async (connection: Connection, asked: readonly string[]): Promise<void> => {
    const { principal } = connection.session;
    const wanted = new Set(asked);
    const fresh = [...wanted].filter((channel) => !connection.channels.has(channel)).length;
    if (connection.channels.size + fresh > limits.channelsMax) {
      connection.refuse({
        code: "invalid",
        message: `a socket watches at most ${limits.channelsMax} channels`,
      });
      return;
    }
    const names = readChannels(wanted);
    const { isAllowed, chats, lastSeen } = await permit(store, principal, names);
    if (connection.closed) return;
    const allowed = [...wanted].filter(isAllowed);
    for (const channel of allowed) connection.addChannel(channel);
    if (connection.hears === "chosen") await hear(connection, chats);
    for (const channel of wanted) {
      // Also those that ended while they were entered.
      if (connection.channels.has(channel)) continue;
      connection.refuse({ code: "not_found", message: `there is no ${channel.replace(":", " ")}` });
    }
    connection.tellWatched();
    for (const id of names.presenceIds) {
      const channel = `presence:${id}`;
      if (!connection.channels.has(channel)) continue;
      // Not waited for: a shard without an owner must not hold up the frames behind this one.
      void presences.watch({ connection, userId: id }, lastSeen.get(id) ?? null);
    }
  };

  /** A socket that hears what it has chosen enters those rooms, and hears them from now on. */
  const hear = async (connection: Connection, chats: ReadonlyMap<number, number>): Promise<void> => {
    const entries = await Promise.all(
      [...chats].map(async ([chatId, rev]) => {
        const presence = await membership.enter(connection, chatId, rev);
        if (presence === undefined) connection.deleteChannel(`chat:${chatId}`);
        return { chatId, presence };
      }),
    );
    for (const { chatId, presence } of entries) {
      // Held until its first Sync, it hears nothing yet.
      if (presence === undefined) continue;
      if (connection.phase === "live") connection.subscribe(chatId);
      connection.rooms.letGo(presence);
    }
  };

  const unwatch = async (connection: Connection, asked: readonly string[]): Promise<void> => {
    for (const channel of asked) connection.deleteChannel(channel);
    for (const id of readChannels(asked).presenceIds) presences.unwatch({ connection, userId: id });
    if (connection.hears === "chosen") {
      const left = await chatsOf(store, connection.session.principal, readChannels(connection.channels));
      for (const chatId of connection.rooms.keys()) {
        if (!left.has(chatId)) membership.leave(connection, chatId);
      }
    }
    if (!connection.closed) connection.tellWatched();
  };

  /** Ends the watches among these that are allowed no more. */
  const recheck = async (watches: readonly PresenceWatch[]): Promise<void> => {
    const pairs = new Map<string, readonly [UserId, UserId]>();
    for (const watched of watches)
      pairs.set(pairOf(watched), [watched.connection.session.userId, watched.userId]);
    const rows = await watchablePairs(store, [...pairs.values()]);
    const allowed = new Set(rows.map(({ watcherId, userId }) => `${watcherId}:${userId}`));
    const ended = new Set<Connection>();
    for (const watched of watches) {
      if (allowed.has(pairOf(watched))) continue;
      presences.unwatch(watched);
      if (watched.connection.deleteChannel(`presence:${watched.userId}`)) ended.add(watched.connection);
    }
    for (const connection of ended) connection.tellWatched();
  };

  const recheckAll = async (watches: readonly PresenceWatch[]): Promise<void> => {
    for (let from = 0; from < watches.length && !closed; from += pairsMax) {
      if (from > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await recheck(watches.slice(from, from + pairsMax));
    }
  };

  const aboutDeparted = function* (): Generator<PresenceWatch> {
    for (const userId of departed) {
      for (const connection of presences.watchersOf(userId)) yield { connection, userId };
      for (const connection of users.connectionsOf(userId)) {
        for (const id of readChannels(connection.channels).presenceIds) yield { connection, userId: id };
      }
    }
    departed.clear();
  };

  let closed = false;
  let checking = false;
  const check = (take: () => Iterable<PresenceWatch>): void => {
    if (checking) return;
    checking = true;
    recheckAll([...take()])
      .catch((error: unknown) => log.warn({ err: String(error) }, "watches could not be looked up again"))
      .finally(() => {
        checking = false;
      });
  };
  const timers = [
    setInterval(() => {
      if (departed.size > 0) check(aboutDeparted);
    }, departedMs),
    setInterval(() => check(() => presences.watches()), sweepMs),
  ];

  return {
    handle(connection, { type, channels }) {
      const queue = queues.get(connection) ?? { waiting: 0, last: Promise.resolve() };
      queues.set(connection, queue);
      if (queue.waiting >= waitingMax) {
        connection.refuse({
          code: "overloaded",
          message: `more than ${waitingMax} of ${type} wait`,
          retryMs: 1_000,
        });
        return;
      }
      queue.waiting += 1;
      queue.last = queue.last
        .then(() => (type === "Watch" ? watch(connection, channels) : unwatch(connection, channels)))
        .catch((error: unknown) => {
          const { connId } = connection.session;
          connection.refuse(faultInfo(parts.faultOf(error, `a frame ${type} met a bug`, { connId })));
        })
        .finally(() => {
          queue.waiting -= 1;
        });
    },
    departed: (userId) => void departed.add(userId),
    leave(connection) {
      for (const userId of readChannels(connection.channels).presenceIds) {
        presences.unwatch({ connection, userId });
      }
      for (const channel of connection.channels) connection.deleteChannel(channel);
    },
    close() {
      closed = true;
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** Which of these channels a user may watch, and what it takes to do so. */
async function permit(
  store: Store,
  by: Reader,
  names: ChannelNames,
): Promise<{
  readonly isAllowed: (channel: string) => boolean;
  readonly chats: ReadonlyMap<number, number>;
  readonly lastSeen: ReadonlyMap<UserId, number | null>;
}> {
  const { botIds, presenceIds } = names;
  const { userId } = by;
  const [chats, bots, people] = await Promise.all([
    chatsOf(store, by, names),
    botIds.length === 0 ? [] : ownBots(store, userId, botIds),
    presenceIds.length === 0
      ? []
      : watchablePairs(
          store,
          presenceIds.map((id) => [userId, id]),
        ),
  ]);
  const lastSeen = new Map(people.map((each) => [each.userId, each.lastSeenMs]));
  const allowed = new Set([
    "all",
    ...[...chats.keys()].map((id) => `chat:${id}`),
    ...bots.map((id) => `bot:${id}`),
    ...[...lastSeen.keys()].map((id) => `presence:${id}`),
  ]);
  return { isAllowed: (channel) => allowed.has(channel), chats, lastSeen };
}

function pairOf({ connection, userId }: PresenceWatch): string {
  return `${connection.session.userId}:${userId}`;
}
