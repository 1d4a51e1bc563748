import type { Queryable } from "../../pool.ts";

/** Deletes at most `limit` updates of before `beforeMs` that nobody works on, the oldest first. @returns how many. */
export async function sweepTelegramUpdates(
  db: Queryable,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "sweep telegram updates",
    text: `delete from telegram_update where (bot_id, update_id) in (
             select bot_id, update_id from telegram_update where created_ms < $1 and state <> 'pending'
             order by created_ms limit $2)`,
    values: [beforeMs, limit],
  });
  return rowCount ?? 0;
}
