import type { UserId } from "@rookery/protocol";

export type SessionId = number & { readonly flavour?: "session" };

export type SessionEnd = "logout" | "logout_all" | "password" | "revoked" | "refresh_reused" | "too_many";

/** A living login, as its user sees it. */
export interface SessionRow {
  readonly id: SessionId;
  readonly createdMs: number;
  readonly refreshedMs: number;
  readonly expiresMs: number;
  readonly userAgent: string | null;
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
