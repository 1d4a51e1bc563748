import type { KeyId, UserId } from "@rookery/protocol";
import type { Connection } from "../socket/connection.ts";
import type { InterestClient } from "./interest.ts";

/** The users with sockets on this edge, and how far their feeds are known to go. */
export interface Users {
  /** Registers at the user's actor; resolves with the feed's rev. */
  enter(connection: Connection): Promise<number>;
  leave(connection: Connection): void;
  /** The client's own word; the owner of the user is told once all sockets of theirs here say the same. */
  setAway(connection: Connection, away: boolean): void;
  /** The user's feed stands there. */
  head(userId: UserId, rev: number): void;
  /** How far the user's feed is known to go; 0 for a user without sockets here. */
  revOf(userId: UserId): number;
  connectionsOf(userId: UserId): Iterable<Connection>;
  /** Those that were opened by a key; looks at all of them. */
  connectionsBy(keyId: KeyId): Iterable<Connection>;
  /** All of them; goes on while users come and go. */
  ids(): Iterator<UserId>;
  readonly size: number;
}

interface User {
  /** A few; a set of them would cost more than all else here. */
  readonly connections: Connection[];
  /** Null when the owner knows. */
  ready: Promise<void> | null;
  rev: number;
  /** As it was told: all sockets here are away. */
  away: boolean;
}

export function openUsers(parts: {
  readonly interest: Pick<InterestClient, "watch" | "unwatch">;
  /** A connection whose feed is behind. */
  readonly behind: (connection: Connection) => void;
}): Users {
  const users = new Map<UserId, User>();

  const tellAway = (userId: UserId, user: User): void => {
    const away = user.connections.length > 0 && user.connections.every((each) => each.away);
    if (away === user.away) return;
    user.away = away;
    if (away) void parts.interest.watch({ kind: "away", id: userId });
    else parts.interest.unwatch({ kind: "away", id: userId });
  };

  return {
    async enter(connection) {
      const { userId } = connection.session;
      let user = users.get(userId);
      if (user === undefined) {
        const ready = parts.interest.watch({ kind: "user", id: userId });
        users.set(userId, (user = { connections: [connection], ready, rev: 0, away: false }));
      } else user.connections.push(connection);
      tellAway(userId, user);
      await user.ready;
      user.ready = null;
      return user.rev;
    },
    leave(connection) {
      const { userId } = connection.session;
      const user = users.get(userId);
      const place = user?.connections.indexOf(connection) ?? -1;
      if (user === undefined || place < 0) return;
      user.connections.splice(place, 1);
      tellAway(userId, user);
      if (user.connections.length > 0) return;
      users.delete(userId);
      parts.interest.unwatch({ kind: "user", id: userId });
    },
    setAway(connection, away) {
      const { userId } = connection.session;
      const user = users.get(userId);
      connection.away = away;
      if (user !== undefined) tellAway(userId, user);
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
    *connectionsBy(keyId) {
      for (const { connections } of users.values()) {
        for (const connection of connections) {
          if (connection.session.principal.keyId === keyId) yield connection;
        }
      }
    },
    ids: () => users.keys(),
    connectionsOf: (userId) => users.get(userId)?.connections ?? [],
    get size() {
      return users.size;
    },
  };
}
