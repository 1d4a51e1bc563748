import { type Cache, type MirroredSocket, openSocketMirror } from "@rookery/cache";
import type { Log } from "@rookery/runtime";
import type { Users } from "../room/users.ts";
import type { Connection } from "./connection.ts";

/** This edge's sockets in Redis, for readers: devices by REST, the operator's view. */
export interface Mirror {
  /** It has come, or its client's word has changed. */
  tell(connection: Connection): void;
  forget(connection: Connection): void;
  close(): Promise<void>;
}

export function openMirror(parts: {
  readonly cache: Cache;
  readonly edge: string;
  readonly users: Users;
  readonly log: Log;
}): Mirror {
  const { edge } = parts;
  const mirror = openSocketMirror({
    ...parts,
    now: Date.now,
    *socketsOf(userId) {
      for (const connection of parts.users.connectionsOf(userId)) yield viewOf(connection, edge);
    },
  });
  return {
    tell: (connection) => mirror.put(viewOf(connection, edge)),
    forget: ({ session }) => mirror.drop(session),
    close: () => mirror.close(),
  };
}

function viewOf({ session, sinceMs, away }: Connection, edge: string): MirroredSocket {
  const { userId, connId, device, principal } = session;
  return { userId, connId, edge, device, sinceMs, status: away ? "away" : "online", keyId: principal.keyId };
}
