import type { KeyId, SessionId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** What is written down. The column takes any text, so that a version that knows more kinds can be mixed in. */
export type AuditKind =
  | "registered"
  | "login"
  | "login_failed"
  | "telegram_login"
  | "telegram_login_failed"
  | "telegram_linked"
  | "logout"
  | "refresh_reused"
  | "session_revoked"
  | "sessions_revoked"
  | "password_changed"
  | "password_refused"
  | "user_created"
  | "user_disabled"
  | "user_enabled"
  | "key_created"
  | "key_revoked"
  | "role_granted"
  | "role_revoked"
  | "role_changed"
  | "signing_key_rotated"
  | "bot_created"
  | "bot_token_changed"
  | "endpoint_created"
  | "endpoint_changed"
  | "endpoint_secret_changed"
  | "endpoint_enabled"
  | "endpoint_deleted";

/** Something that happened to an account. Never a secret, and no name somebody typed: it may be a password. */
export interface AuditEvent {
  readonly kind: AuditKind;
  readonly atMs: number;
  /** Whose account it concerns; null when it is nobody's. */
  readonly userId: UserId | null;
  /** Who did it, when it was somebody else. */
  readonly actorId?: UserId | null;
  readonly sessionId?: SessionId | null;
  readonly keyId?: KeyId | null;
  /** The client's. */
  readonly address?: string | null;
  readonly requestId?: string | null;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

const sql = `
  insert into audit (at_ms, kind, user_id, actor_id, session_id, key_id, address, request_id, detail)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

/** Writes an event down; in the transaction of what it tells of, where there is one. */
export async function audit(db: Queryable, event: AuditEvent): Promise<void> {
  await db.query({
    name: "audit",
    text: sql,
    values: [
      event.atMs,
      event.kind,
      event.userId,
      event.actorId ?? null,
      event.sessionId ?? null,
      event.keyId ?? null,
      event.address ?? null,
      event.requestId ?? null,
      event.detail === undefined ? null : JSON.stringify(event.detail),
    ],
  });
}
