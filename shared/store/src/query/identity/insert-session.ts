import type { SessionId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Living sessions of one user; at a further login the longest unused one ends. */
const sessionsMax = 100;

const sql = `
  with owner as (
    select id from users where id = $1 and disabled_ms is null for share
  ), expired as (
    delete from session where user_id = $1 and expires_ms <= $2
  ), surplus as (
    update session set ended_ms = $2, end_reason = 'too_many'
    where id in (
      select id from session where user_id = $1 and ended_ms is null and expires_ms > $2
      order by greatest(refreshed_ms, used_ms) desc, id desc offset $7
    )
    returning id
  ), opened as (
    insert into session (user_id, created_ms, refreshed_ms, expires_ms, user_agent, address, device)
    select id, $2, $2, $3, $4, $5, $8 from owner
    returning id
  ), token as (
    insert into refresh_token (digest, session_id, generation, created_ms)
    select $6, id, 0, $2 from opened
  )
  select id, (select coalesce(json_agg(id), '[]') from surplus) as "endedIds" from opened`;

export interface NewSession {
  readonly userId: UserId;
  readonly nowMs: number;
  readonly expiresMs: number;
  readonly userAgent: string | null;
  readonly address: string | null;
  readonly device?: string | null;
  /** Digest of the family's first refresh token. */
  readonly digest: Buffer;
}

export interface OpenedSession {
  readonly id: SessionId;
  /** Those that ended because the user has too many. */
  readonly endedIds: readonly SessionId[];
}

/**
 * Opens a session; sweeps the user's expired ones, so that no row outlives its use for long. Null when the account is
 * disabled: with the row's lock, so that whoever disables it ends every session that was opened before.
 */
export async function insertSession(db: Queryable, session: NewSession): Promise<OpenedSession | null> {
  const { rows } = await db.query<OpenedSession>(sql, [
    session.userId,
    session.nowMs,
    session.expiresMs,
    session.userAgent,
    session.address,
    session.digest,
    sessionsMax - 1,
    session.device ?? null,
  ]);
  return rows[0] ?? null;
}
