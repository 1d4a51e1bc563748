import type { Queryable } from "../../pool.ts";
import type { SessionOfToken } from "./session.ts";

const sql = `
  select session.id, user_id as "userId", session.generation, refreshed_ms as "refreshedMs",
    expires_ms as "expiresMs", end_reason as "endReason", refresh_token.generation as "tokenGeneration"
  from refresh_token join session on session.id = session_id
  where digest = $1
  for update of session`;

/**
 * The session that a refresh token belongs to, locked until the transaction ends, so that two tabs refreshing at
 * once take turns.
 */
export async function lockSession(db: Queryable, digest: Buffer): Promise<SessionOfToken | null> {
  const { rows } = await db.query<SessionOfToken>(sql, [digest]);
  return rows[0] ?? null;
}
