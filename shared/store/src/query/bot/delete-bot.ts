import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = `
  with gone as (
    update bot set deleted_ms = $3, webhook_version = webhook_version + 1, attempts = 0,
      -- Of a bot of our own nobody has to be told.
      webhook_status = case when mode = 'native' then 'off' else 'pending' end,
      next_attempt_ms = case when mode = 'native' then null else $3::bigint end,
      token_box = case when mode = 'native' then ''::bytea else token_box end
    where id = $1 and owner_id = $2 and deleted_ms is null
    returning id, mode),
  -- What a bot of our own was is no fact any more (as next_fact_version() does; a select here would not run).
  told as (update fact_version set version = version + 1 where exists (select from gone where mode = 'native')),
  -- What was not sent is not sent any more; its courier tells the chats of it.
  stopped as (update broadcast b set state = 'cancelled' from gone
    where b.bot_id = gone.id and b.state in ('running', 'paused'))
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
