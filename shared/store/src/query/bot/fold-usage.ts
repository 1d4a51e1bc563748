import type { Queryable } from "../../pool.ts";

/**
 * Folds hours of before `beforeMs`, the beginning of a day, into one row a day, which stands at its first hour; at most `limit`
 * rows. Who reads by the day reads the same as before.
 * @returns how many rows there are no more of.
 */
export async function foldUsage(
  db: Queryable,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "fold bot usage",
    text: `with gone as (
             delete from bot_usage where ctid = any(array(select ctid from bot_usage
               where hour_ms < $1 and hour_ms % 86400000 <> 0 order by hour_ms limit $2))
             returning *),
           folded as (insert into bot_usage (bot_id, hour_ms, kind, name, count, errors, total_ms, max_ms)
             select bot_id, hour_ms - hour_ms % 86400000, kind, name, sum(count), sum(errors), sum(total_ms), max(max_ms)
             from gone group by 1, 2, 3, 4
             on conflict (bot_id, hour_ms, kind, name) do update set count = bot_usage.count + excluded.count,
               errors = bot_usage.errors + excluded.errors, total_ms = bot_usage.total_ms + excluded.total_ms,
               max_ms = greatest(bot_usage.max_ms, excluded.max_ms))
           select 1 from gone`,
    values: [beforeMs, limit],
  });
  return rowCount ?? 0;
}

/** Forgets days of before `beforeMs`. @returns how many rows, at most `limit`. */
export async function sweepUsage(
  db: Queryable,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "sweep bot usage",
    text: `delete from bot_usage where ctid = any(array(
             select ctid from bot_usage where hour_ms < $1 order by hour_ms limit $2))`,
    values: [beforeMs, limit],
  });
  return rowCount ?? 0;
}
