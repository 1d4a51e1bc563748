import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface UsageRow {
  /** The beginning of the hour or the day (UTC). */
  readonly fromMs: number;
  readonly kind: string;
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  readonly averageMs: number;
  readonly maxMs: number;
}

/** How a bot was used, by steps of an hour or a day, the oldest first. */
export async function readUsage(
  db: Queryable,
  botId: UserId,
  span: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
  limit: number,
): Promise<UsageRow[]> {
  const { rows } = await db.query<UsageRow>({
    name: "read bot usage",
    text: `select hour_ms - hour_ms % $4 as "fromMs", kind, name, sum(count)::bigint as count,
             sum(errors)::bigint as errors, round(sum(total_ms) / sum(count))::bigint as "averageMs",
             max(max_ms) as "maxMs"
           from bot_usage where bot_id = $1 and hour_ms >= $2 and hour_ms < $3
           group by 1, 2, 3 order by 1, 2, 3 limit $5`,
    values: [botId, span.fromMs - (span.fromMs % 3_600_000), span.toMs, span.stepMs, limit],
  });
  return rows;
}
