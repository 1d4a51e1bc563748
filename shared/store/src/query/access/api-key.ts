import type { KeyId, UserId } from "@rookery/protocol";

/** An API key, without anything that proves it. */
export interface ApiKeyRow {
  readonly id: KeyId;
  readonly userId: UserId;
  readonly prefix: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Requests a minute; null: those of its user. */
  readonly rateLimit: number | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly lastUsedMs: number | null;
  readonly revokedMs: number | null;
}

/** The columns of `ApiKeyRow`. */
export const apiKeyColumns = `id, user_id as "userId", prefix, name, scopes, rate_limit as "rateLimit",
  created_ms as "createdMs", expires_ms as "expiresMs", last_used_ms as "lastUsedMs", revoked_ms as "revokedMs"`;
