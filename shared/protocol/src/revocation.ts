import type { KeyId, SessionId } from "./id.ts";

/**
 * What is no longer a proof of anything: told to all edges once it has committed (`subjects.revoked`). Word that is lost
 * is healed: edges read from Postgres, every few seconds, what was revoked. Whoever shuts an account names its sessions and
 * keys one by one: a token is refused by its session, wherever it is shown.
 */
export interface Revocation {
  readonly sessionIds?: readonly SessionId[];
  readonly keyIds?: readonly KeyId[];
  /** Roles, or what they permit, have changed: the version that says so. What was read under an older one is old. */
  readonly accessVersion?: number;
}
