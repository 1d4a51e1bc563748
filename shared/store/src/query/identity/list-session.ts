import type { SessionId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SessionRow } from "./session.ts";

const sql = `
  select id, created_ms as "createdMs", refreshed_ms as "refreshedMs", expires_ms as "expiresMs",
    greatest(refreshed_ms, used_ms) as "usedMs", user_agent as "userAgent", device, address
  from session
  where user_id = $1 and ended_ms is null and expires_ms > $2 and id < $3
  order by id desc
  limit $4`;

/** A user's living sessions, newest first, before `beforeId`. */
export async function listSessions(
  db: Queryable,
  userId: UserId,
  page: { readonly nowMs: number; readonly beforeId: SessionId; readonly limit: number },
): Promise<SessionRow[]> {
  const { rows } = await db.query<SessionRow>(sql, [userId, page.nowMs, page.beforeId, page.limit]);
  return rows;
}
