import type { SessionId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = `
  select id, ended_ms as "endedMs" from session
  where ended_ms is not null and (ended_ms, id) > ($1::bigint, $2::bigint)
  order by ended_ms, id limit $3`;

export interface EndedSession {
  readonly id: SessionId;
  readonly endedMs: number;
}

/** Sessions that ended after a place in the order of their ends, in that order; the place of a time is (time, 0). */
export async function readEndedSessions(
  db: Queryable,
  after: EndedSession,
  limit: number,
): Promise<EndedSession[]> {
  const { rows } = await db.query<EndedSession>({
    name: "read ended sessions",
    text: sql,
    values: [after.endedMs, after.id, limit],
  });
  return rows;
}
