import type { UserId } from "@rookery/protocol";

export type SessionId = number & { readonly flavour?: "session" };

/** Who is asking, as an access token proves it. */
export interface Principal {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly roles: readonly string[];
  /** Unix ms; a socket opened with the token is closed or re-authenticated by then. */
  readonly expiresMs: number;
}
