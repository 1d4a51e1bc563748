import type { SessionId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SessionEnd } from "./session.ts";

const endOne = `
  update session set ended_ms = $3, end_reason = $4
  where id = $1 and user_id = $2 and ended_ms is null
  returning id`;
const endAll = `
  update session set ended_ms = $3, end_reason = $4
  where user_id = $2 and id is distinct from $1 and ended_ms is null
  returning id`;

interface End {
  readonly nowMs: number;
  readonly reason: SessionEnd;
}

/** Ends a user's session; false when it is not theirs or had ended. */
export async function endSession(db: Queryable, userId: UserId, id: SessionId, end: End): Promise<boolean> {
  const { rowCount } = await db.query(endOne, [id, userId, end.nowMs, end.reason]);
  return rowCount === 1;
}

/** Ends a user's sessions but `keepId`; which ones ended is told, so that their sockets can be closed. */
export async function endSessions(
  db: Queryable,
  userId: UserId,
  keepId: SessionId | null,
  end: End,
): Promise<SessionId[]> {
  const { rows } = await db.query<{ id: SessionId }>(endAll, [keepId, userId, end.nowMs, end.reason]);
  return rows.map((row) => row.id);
}
