import type { KeyId, SessionId, UserId } from "@rookery/protocol";

/** Who is asking, as an access token or an API key proves it. */
export interface Principal {
  readonly userId: UserId;
  /** The login an access token belongs to; null for a key. */
  readonly sessionId: SessionId | null;
  /** Null for an access token. */
  readonly keyId: KeyId | null;
  readonly roles: readonly string[];
  /** What a key may be used for; null: for all that its user may do. Never more than that. */
  readonly scopes: readonly string[] | null;
  /** Requests a minute that a key was given of its own; null: those of its user. */
  readonly rateLimit: number | null;
  /** Unix ms; a socket opened with it is closed or re-authenticated by then. Infinite for a key without an end. */
  readonly expiresMs: number;
}
