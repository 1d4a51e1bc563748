import type { SessionId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { sessionLifeMs } from "./session.ts";

const sql = `
  with advanced as (
    update session set generation = generation + 1, refreshed_ms = $2, expires_ms = $3
    where id = $1
    returning id, generation
  ), outlived as (
    delete from refresh_token where session_id = $1 and created_ms < $5
  )
  insert into refresh_token (digest, session_id, generation, created_ms)
  select $4, id, generation, $2 from advanced`;

/**
 * Makes `digest` the current token of a session that the transaction has locked, and prolongs the session. Tokens that
 * would have ended by themselves are forgotten, so that a session that is never left does not grow.
 */
export async function advanceSession(
  db: Queryable,
  id: SessionId,
  next: { readonly digest: Buffer; readonly nowMs: number; readonly expiresMs: number },
): Promise<void> {
  await db.query(sql, [id, next.nowMs, next.expiresMs, next.digest, next.nowMs - sessionLifeMs]);
}
