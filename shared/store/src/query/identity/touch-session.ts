import type { SessionId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** A use of a session. What is null is as it was before. */
export interface SessionUse {
  readonly usedMs: number;
  readonly address: string | null;
  readonly device: string | null;
}

const sql = `
  with locked as materialized (
    select id from session where id = any($1::bigint[]) order by id for no key update
  )
  update session set used_ms = greatest(session.used_ms, use.used_ms), address = coalesce(use.address, session.address),
    device = coalesce(use.device, session.device)
  from locked
    join unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as use (id, used_ms, address, device) using (id)
  where session.id = locked.id`;

/** Writes the last uses of many sessions; of one that is gone nothing. Edges that write at once take turns. */
export async function touchSessions(db: Queryable, uses: ReadonlyMap<SessionId, SessionUse>): Promise<void> {
  const all = [...uses.values()];
  await db.query({
    name: "touch sessions",
    text: sql,
    values: [
      [...uses.keys()],
      all.map(({ usedMs }) => usedMs),
      all.map(({ address }) => address),
      all.map(({ device }) => device),
    ],
  });
}
