import type { UserId } from "@rookery/protocol";
import type { Connection } from "../socket/connection.ts";
import type { InterestClient } from "./interest.ts";

/** The users with sockets on this edge, and how far their feeds are known to go. */
export interface Users {
  /** Registers at the user's actor; resolves with the feed's rev. */
  enter(connection: Connection): Promise<number>;
  leave(connection: Connection): void;
  /** The user's feed stands there. */
  head(userId: UserId, rev: number): void;
  /** How far the user's feed is known to go; 0 for a user without sockets here. */
  revOf(userId: UserId): number;
  connectionsOf(userId: UserId): Iterable<Connection>;
  readonly size: number;
}

interface User {
  readonly connections: Set<Connection>;
  readonly ready: Promise<void>;
  rev: number;
}

export function openUsers(parts: {
  readonly interest: Pick<InterestClient, "watch" | "unwatch">;
  /** A connection whose feed is behind. */
  readonly behind: (connection: Connection) => void;
}): Users {
  const users = new Map<UserId, User>();
  return {
    async enter(connection) {
      const { userId } = connection.session;
      let user = users.get(userId);
      if (user === undefined) {
        const ready = parts.interest.watch({ kind: "user", id: userId });
        users.set(userId, (user = { connections: new Set(), ready, rev: 0 }));
      }
      user.connections.add(connection);
      await user.ready;
      return user.rev;
    },
    leave(connection) {
      const { userId } = connection.session;
      const user = users.get(userId);
      if (user?.connections.delete(connection) !== true || user.connections.size > 0) return;
      users.delete(userId);
      parts.interest.unwatch({ kind: "user", id: userId });
    },
    head(userId, rev) {
      const user = users.get(userId);
      if (user === undefined) return;
      user.rev = Math.max(user.rev, rev);
      for (const connection of user.connections) {
        if (connection.phase === "live" && connection.userRev < user.rev) parts.behind(connection);
      }
    },
    revOf: (userId) => users.get(userId)?.rev ?? 0,
    connectionsOf: (userId) => users.get(userId)?.connections ?? [],
    get size() {
      return users.size;
    },
  };
}
