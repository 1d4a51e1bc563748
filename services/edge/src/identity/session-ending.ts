import type { SessionId, UserId } from "@rookery/protocol";
import {
  audit,
  endSession,
  endSessions,
  inTransaction,
  type Queryable,
  readSessionEnd,
  type SessionEnd,
} from "@rookery/store";
import type { Context } from "hono";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";
import { readBearer } from "../http/identify.ts";
import { readRequestName } from "../http/validation.ts";

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
  /**
   * Whether a request that nobody may make any more is the repeat of the one that ended the session it was made by (L3): it has
   * a name, and its access token is good but for the session, which is over as `isMeant` says. Such a token proves nothing else.
   */
  isRepeat(
    c: Context<EdgeEnv>,
    isMeant: (ended: { readonly id: SessionId; readonly reason: SessionEnd }) => boolean,
  ): Promise<boolean>;
}

export function openSessionEnding({
  store,
  now,
  tokens,
  revocations,
}: Pick<EdgeContext, "store" | "now" | "tokens" | "revocations">): SessionEnding {
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
    async isRepeat(c, isMeant) {
      const token = readBearer(c.req.header("authorization") ?? "");
      if (token === undefined || readRequestName(c.req.header("idempotency-key")) === undefined) return false;
      const verdict = await tokens.verify(token, now());
      if (verdict.kind !== "ended" || verdict.principal.sessionId === null) return false;
      const { userId, sessionId: id } = verdict.principal;
      const reason = await readSessionEnd(store, { id, userId });
      return reason !== null && isMeant({ id, reason });
    },
  };
}
