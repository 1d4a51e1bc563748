import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = `
  with gone as (
    update bot set deleted_ms = $3, webhook_status = 'pending', webhook_version = webhook_version + 1,
      attempts = 0, next_attempt_ms = $3
    where id = $1 and owner_id = $2 and deleted_ms is null
    returning id)
  update users u set username = null, username_key = null from gone where u.id = gone.id`;

/**
 * Deletes a bot: its name is free and its webhook shut at once; Telegram is told later. Its user stays, for the
 * messages it sent. False when the owner has no such bot.
 */
export async function deleteBot(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(sql, [key.id, key.ownerId, nowMs]);
  return rowCount === 1;
}
