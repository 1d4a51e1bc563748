import type { Queryable } from "../../pool.ts";

const sql = `
  delete from audit where id in (select id from audit where at_ms < $1 order by at_ms limit $2)`;

/** Deletes at most `limit` events from before `beforeMs`, the oldest first. @returns how many. */
export async function sweepAudit(
  db: Queryable,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query(sql, [beforeMs, limit]);
  return rowCount ?? 0;
}
