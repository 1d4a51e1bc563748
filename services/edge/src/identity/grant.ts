import { decideRotation } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import {
  advanceSession,
  audit,
  endSession,
  inTransaction,
  insertSession,
  lockSession,
  readUser,
  sessionLifeMs,
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

/** Where a session is opened or used, and by which request. */
export interface Origin {
  readonly userAgent: string | null;
  readonly address: string | null;
  /** What the client calls itself. */
  readonly device: string | null;
  readonly requestId: string;
}

export type GrantContext = Pick<
  EdgeContext,
  "store" | "tokens" | "refreshTokens" | "now" | "revocations" | "sessionUses"
>;

/**
 * Opens a session for a user who has just proved who they are; `by` says how, in the audit log.
 * @throws Fault `bad_credentials` when the account is disabled.
 */
export async function openGrant(
  context: GrantContext,
  user: UserRow,
  origin: Origin,
  by: "login" | "registered" | "telegram_login",
): Promise<Grant> {
  const { store, refreshTokens } = context;
  const nowMs = context.now();
  const refreshToken = refreshTokens.create();
  const { userAgent, address, device, requestId } = origin;
  const { id, endedIds } = await inTransaction(store, async (db) => {
    const opened = await insertSession(db, {
      userId: user.id,
      nowMs,
      expiresMs: nowMs + sessionLifeMs,
      userAgent,
      address,
      device,
      digest: refreshTokens.digest(refreshToken),
    });
    if (opened === null) throw new Fault("bad_credentials");
    await audit(db, { kind: by, atMs: nowMs, userId: user.id, sessionId: opened.id, address, requestId });
    return opened;
  });
  if (endedIds.length > 0) context.revocations.announce({ sessionIds: endedIds });
  return sign(context, user, id, refreshToken);
}

/**
 * Renews a grant by its refresh token, which is thereby spent; see `rotation.ts` for what a spent one means.
 *
 * @throws Fault `unauthorized` for a token that is nobody's, `refresh_reused` when the family ended for reuse.
 */
export async function renewGrant(
  context: GrantContext,
  refreshToken: string,
  { address, device, requestId }: Origin,
): Promise<Grant> {
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
      const { id: sessionId, userId } = session;
      const ended: boolean = await endSession(db, userId, sessionId, { nowMs, reason: "refresh_reused" });
      // Whoever holds an old one may show it for ever; the log is told once.
      if (ended)
        await audit(db, { kind: "refresh_reused", atMs: nowMs, userId, sessionId, address, requestId });
    }
    return { rotation, session, user: await readUser(db, session.userId) };
  });
  if (rotation === "reused") {
    if (session !== null) context.revocations.announce({ sessionIds: [session.id] });
    throw new Fault("refresh_reused");
  }
  if (rotation === "refused" || session === null || user === null || user.disabledMs !== null) {
    throw new Fault("unauthorized", "the refresh token is not valid; log in again");
  }
  context.sessionUses.note(session.id, { address, device });
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
