import type { SessionId, UserId } from "@rookery/protocol";
import {
  audit,
  endSession,
  endSessions,
  inTransaction,
  type Queryable,
  type SessionEnd,
} from "@rookery/store";
import type { Context } from "hono";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";

/** Sessions that end by a request: written down, and told to all edges, which close their sockets. */
export interface SessionEnding {
  /** False when it is not theirs or had ended. */
  endOne(
    c: Context<EdgeEnv>,
    session: { readonly userId: UserId; readonly id: SessionId },
    reason: "logout" | "revoked",
  ): Promise<boolean>;
  /** All of a user but one, in a transaction of the caller, who announces them once it has committed. */
  endAll(
    db: Queryable,
    c: Context<EdgeEnv>,
    all: { readonly userId: UserId; readonly keepId: SessionId | null; readonly reason: SessionEnd },
  ): Promise<SessionId[]>;
  announce(ids: readonly SessionId[]): void;
}

export function openSessionEnding({
  store,
  now,
  revocations,
}: Pick<EdgeContext, "store" | "now" | "revocations">): SessionEnding {
  const placeOf = (c: Context<EdgeEnv>) => ({ address: c.env.clientAddress, requestId: c.get("requestId") });
  return {
    async endOne(c, { userId, id }, reason) {
      const nowMs = now();
      const ended = await inTransaction(store, async (db) => {
        const isEnded: boolean = await endSession(db, userId, id, { nowMs, reason });
        const kind = reason === "logout" ? "logout" : "session_revoked";
        if (isEnded) await audit(db, { kind, atMs: nowMs, userId, sessionId: id, ...placeOf(c) });
        return isEnded;
      });
      if (ended) revocations.announce({ sessionIds: [id] });
      return ended;
    },
    async endAll(db, c, { userId, keepId, reason }) {
      const nowMs = now();
      const ids = await endSessions(db, userId, keepId, { nowMs, reason });
      const detail = { reason, count: ids.length };
      if (ids.length > 0) {
        await audit(db, {
          kind: "sessions_revoked",
          atMs: nowMs,
          userId,
          sessionId: keepId,
          ...placeOf(c),
          detail,
        });
      }
      return ids;
    },
    announce(ids) {
      if (ids.length > 0) revocations.announce({ sessionIds: ids });
    },
  };
}
