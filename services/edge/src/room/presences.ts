/** Whose presence is watched by sockets of this edge, and how they are, as the owners of their shards say. */
import {
  actorOf,
  type PresenceNote,
  type PresenceStatus,
  presenceHash,
  type ServerFrameOf,
  type ShardId,
  shardOf,
  type UserId,
} from "@rookery/protocol";
import type { Connection } from "../socket/connection.ts";
import type { InterestClient } from "./interest.ts";

/** One socket that watches one user. */
export interface PresenceWatch {
  readonly connection: Connection;
  readonly userId: UserId;
}

export interface Presences {
  /**
   * The socket hears how the user is, and of every change from then on. Resolves when it has heard.
   * `lastSeenMs`: as the rows know it.
   */
  watch(watch: PresenceWatch, lastSeenMs: number | null): Promise<void>;
  unwatch(watch: PresenceWatch): void;
  /** Word from the owner of their shard: only what is new is passed on. */
  told(notes: readonly PresenceNote[]): void;
  /** The hash of what the owner has told us; a difference makes us ask for all of it again (L5). */
  compare(shard: ShardId, hash: number): void;
  /** Every socket that watches somebody. */
  watches(): Iterable<PresenceWatch>;
  watchersOf(userId: UserId): Iterable<Connection>;
}

interface Watched {
  /** Each with whether it has been told how the user is, and so hears of changes. */
  readonly sockets: Map<Connection, { isTold: boolean }>;
  readonly ready: Promise<void>;
  /** Null until somebody has said. */
  status: PresenceStatus | null;
  lastSeenMs: number | null;
}

export function openPresences(parts: {
  readonly interest: Pick<InterestClient, "watch" | "unwatch" | "repeat" | "isQuiet">;
  readonly shards: number;
  /** Passes a frame on to the sockets that hear of a user. */
  readonly fanOut: (hearers: Iterable<Connection>, frame: ServerFrameOf<"Presence">) => void;
}): Presences {
  const { interest } = parts;
  const shards = new Map<ShardId, Map<UserId, Watched>>();

  const shardOfUser = (userId: UserId): ShardId =>
    shardOf(actorOf({ kind: "presence", id: userId }).kind, userId, parts.shards);
  const find = (userId: UserId): Watched | undefined => shards.get(shardOfUser(userId))?.get(userId);

  const open = (userId: UserId): Watched => {
    const ready = interest.watch({ kind: "presence", id: userId });
    const watched: Watched = { sockets: new Map(), ready, status: null, lastSeenMs: null };
    const shard = shardOfUser(userId);
    const users = shards.get(shard);
    if (users === undefined) shards.set(shard, new Map([[userId, watched]]));
    else users.set(userId, watched);
    return watched;
  };

  return {
    async watch({ connection, userId }, lastSeenMs) {
      const watched = find(userId) ?? open(userId);
      const hearer = watched.sockets.get(connection) ?? { isTold: false };
      watched.sockets.set(connection, hearer);
      watched.lastSeenMs = later(watched.lastSeenMs, lastSeenMs);
      await watched.ready;
      if (connection.closed || find(userId) !== watched || watched.sockets.get(connection) !== hearer) return;
      // A new owner does not know yet of somebody no edge has: nobody sees them now.
      watched.status ??= "offline";
      connection.send(frameOf(userId, watched.status, watched.lastSeenMs));
      hearer.isTold = true;
    },
    unwatch({ connection, userId }) {
      const watched = find(userId);
      if (watched?.sockets.delete(connection) !== true) return;
      if (watched.sockets.size > 0) return;
      const shard = shardOfUser(userId);
      const users = shards.get(shard);
      users?.delete(userId);
      if (users?.size === 0) shards.delete(shard);
      interest.unwatch({ kind: "presence", id: userId });
    },
    told(notes) {
      for (const [userId, status, lastSeenMs] of notes) {
        const watched = find(userId);
        if (watched === undefined) continue;
        watched.lastSeenMs = later(watched.lastSeenMs, lastSeenMs);
        if (watched.status === status) continue;
        watched.status = status;
        const told = [...watched.sockets].flatMap(([connection, { isTold }]) => (isTold ? [connection] : []));
        parts.fanOut(told, frameOf(userId, status, watched.lastSeenMs));
      }
    },
    compare(shard, hash) {
      const told: [UserId, PresenceStatus][] = [];
      for (const [userId, { status }] of shards.get(shard) ?? []) {
        if (status !== null) told.push([userId, status]);
      }
      if (interest.isQuiet(shard) && presenceHash(told) !== hash) interest.repeat(shard);
    },
    *watches() {
      for (const users of shards.values()) {
        for (const [userId, { sockets }] of users)
          for (const connection of sockets.keys()) yield { connection, userId };
      }
    },
    watchersOf: (userId) => find(userId)?.sockets.keys() ?? [],
  };
}

function frameOf(userId: UserId, status: PresenceStatus, lastSeen: number | null): ServerFrameOf<"Presence"> {
  return { type: "Presence", userId, status, lastSeen };
}

function later(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
