import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SessionId } from "./session.ts";

/** Living sessions of one user; at a further login the longest unused one ends. */
const sessionsMax = 100;

const sql = `
  with expired as (
    delete from session where user_id = $1 and expires_ms <= $2
  ), surplus as (
    update session set ended_ms = $2, end_reason = 'too_many'
    where id in (
      select id from session where user_id = $1 and ended_ms is null and expires_ms > $2
      order by refreshed_ms desc, id desc offset $7
    )
  ), opened as (
    insert into session (user_id, created_ms, refreshed_ms, expires_ms, user_agent, address)
    values ($1, $2, $2, $3, $4, $5)
    returning id
  )
  insert into refresh_token (digest, session_id, generation, created_ms)
  select $6, id, 0, $2 from opened
  returning session_id as id`;

export interface NewSession {
  readonly userId: UserId;
  readonly nowMs: number;
  readonly expiresMs: number;
  readonly userAgent: string | null;
  readonly address: string | null;
  /** Digest of the family's first refresh token. */
  readonly digest: Buffer;
}

/** Opens a session; sweeps the user's expired ones, so that no row outlives its use for long. */
export async function insertSession(db: Queryable, session: NewSession): Promise<SessionId> {
  const { rows } = await db.query<{ id: SessionId }>(sql, [
    session.userId,
    session.nowMs,
    session.expiresMs,
    session.userAgent,
    session.address,
    session.digest,
    sessionsMax - 1,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error("an insert returned no row");
  return row.id;
}
