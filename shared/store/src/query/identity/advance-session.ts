import type { Queryable } from "../../pool.ts";
import type { SessionId } from "./session.ts";

const sql = `
  with advanced as (
    update session set generation = generation + 1, refreshed_ms = $2, expires_ms = $3
    where id = $1
    returning id, generation
  )
  insert into refresh_token (digest, session_id, generation, created_ms)
  select $4, id, generation, $2 from advanced`;

/** Makes `digest` the current token of a session that the transaction has locked, and prolongs the session. */
export async function advanceSession(
  db: Queryable,
  id: SessionId,
  next: { readonly digest: Buffer; readonly nowMs: number; readonly expiresMs: number },
): Promise<void> {
  await db.query(sql, [id, next.nowMs, next.expiresMs, next.digest]);
}
