import { decideRotation } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import {
  advanceSession,
  endSession,
  inTransaction,
  insertSession,
  lockSession,
  readUser,
  type UserRow,
} from "@rookery/store";
import type { EdgeContext } from "../http/context.ts";

/** What a login gives: proof for the next minutes, and the means to renew it. */
export interface Grant {
  readonly user: UserRow;
  readonly accessToken: string;
  readonly expiresSec: number;
  readonly refreshToken: string;
}

/** Where a session was opened, shown to its user. */
export interface Origin {
  readonly userAgent: string | null;
  readonly address: string | null;
}

export type GrantContext = Pick<EdgeContext, "store" | "tokens" | "refreshTokens" | "now">;

/** A session that is not refreshed for so long is over. */
export const sessionLifeMs = 30 * 24 * 60 * 60_000;

/** Opens a session for a user who has just proved who they are. */
export async function openGrant(context: GrantContext, user: UserRow, origin: Origin): Promise<Grant> {
  const { store, refreshTokens } = context;
  const nowMs = context.now();
  const refreshToken = refreshTokens.create();
  const sessionId = await insertSession(store, {
    userId: user.id,
    nowMs,
    expiresMs: nowMs + sessionLifeMs,
    ...origin,
    digest: refreshTokens.digest(refreshToken),
  });
  return sign(context, user, sessionId, refreshToken);
}

/**
 * Renews a grant by its refresh token, which is thereby spent; see `rotation.ts` for what a spent one means.
 *
 * @throws Fault `unauthorized` for a token that is nobody's, `refresh_reused` when the family ended for reuse.
 */
export async function renewGrant(context: GrantContext, refreshToken: string): Promise<Grant> {
  const { store, refreshTokens } = context;
  const nowMs = context.now();
  const successor = refreshTokens.successor(refreshToken);
  // The verdict leaves the transaction as a value: a thrown one would roll the ending of the family back.
  const { rotation, session, user } = await inTransaction(store, async (db) => {
    const session = await lockSession(db, refreshTokens.digest(refreshToken));
    const rotation = decideRotation(session, nowMs);
    if (session === null) return { rotation, session, user: null };
    if (rotation === "rotate") {
      const digest = refreshTokens.digest(successor);
      await advanceSession(db, session.id, { digest, nowMs, expiresMs: nowMs + sessionLifeMs });
    }
    if (rotation === "reused") {
      await endSession(db, session.userId, session.id, { nowMs, reason: "refresh_reused" });
    }
    return { rotation, session, user: await readUser(db, session.userId) };
  });
  if (rotation === "reused") throw new Fault("refresh_reused");
  if (rotation === "refused" || session === null || user === null) {
    throw new Fault("unauthorized", "the refresh token is not valid; log in again");
  }
  return sign(context, user, session.id, successor);
}

async function sign(
  { tokens, now }: GrantContext,
  user: UserRow,
  sessionId: number,
  refreshToken: string,
): Promise<Grant> {
  const nowMs = now();
  const { token, expiresMs } = await tokens.sign({ userId: user.id, sessionId, roles: [user.role] }, nowMs);
  return { user, accessToken: token, expiresSec: Math.floor((expiresMs - nowMs) / 1000), refreshToken };
}
