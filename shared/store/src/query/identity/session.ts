import type { SessionId, UserId } from "@rookery/protocol";

/** A session that is not refreshed for so long is over, and so is any refresh token of that age. */
export const sessionLifeMs = 7 * 24 * 60 * 60_000;

export type SessionEnd =
  | "logout"
  | "logout_all"
  | "password"
  | "revoked"
  | "refresh_reused"
  | "too_many"
  | "disabled";

/** A living login, as its user sees it. */
export interface SessionRow {
  readonly id: SessionId;
  readonly createdMs: number;
  readonly refreshedMs: number;
  /** When it was last used for anything, some seconds late; never before `refreshedMs`. */
  readonly usedMs: number;
  readonly expiresMs: number;
  readonly userAgent: string | null;
  /** What the client calls itself. */
  readonly device: string | null;
  /** Where it was used last. */
  readonly address: string | null;
}

/** A session as found by one of its refresh tokens, the token's generation beside its own. */
export interface SessionOfToken {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly generation: number;
  readonly refreshedMs: number;
  readonly expiresMs: number;
  /** Null while it lives. */
  readonly endReason: SessionEnd | null;
  readonly tokenGeneration: number;
}
