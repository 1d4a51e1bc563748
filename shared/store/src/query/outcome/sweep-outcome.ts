import type { Queryable } from "../../pool.ts";

/** Forgets at most `limit` outcomes decided before `beforeMs`, the oldest first; messages are their own. @returns how many. */
export async function sweepOutcomes(
  db: Queryable,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "sweep outcomes",
    text: `delete from outcome where (actor, sender_id, uuid) in (
             select actor, sender_id, uuid from outcome where decided_ms < $1 order by decided_ms limit $2)`,
    values: [beforeMs, limit],
  });
  return rowCount ?? 0;
}
