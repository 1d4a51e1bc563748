import type { Queryable } from "../../pool.ts";

const sql = `
  delete from session where id in (
    select id from session where expires_ms < $1 order by expires_ms limit $2 for update skip locked)`;

/** Deletes at most `limit` sessions that expired before `beforeMs`, with their refresh tokens. @returns how many. */
export async function sweepSessions(
  db: Queryable,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query(sql, [beforeMs, limit]);
  return rowCount ?? 0;
}
