import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { BotMode, SealedColumns } from "./bot.ts";

const sql = `
  update bot set
    mode = coalesce($3, mode),
    token_key_id = coalesce($4, token_key_id),
    token_box = coalesce($5, token_box),
    webhook_status = 'pending', webhook_error = null, webhook_version = webhook_version + 1, attempts = 0,
    next_attempt_ms = $6
  where id = $1 and owner_id = $2 and deleted_ms is null`;

/** Changes how a bot meets Telegram, which is then told again. False when the owner has no such bot. */
export async function updateBot(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
  change: { readonly mode?: Exclude<BotMode, "native">; readonly token?: SealedColumns },
  nowMs: number,
): Promise<boolean> {
  const { mode = null, token = null } = change;
  const { rowCount } = await db.query(sql, [
    key.id,
    key.ownerId,
    mode,
    token?.keyId ?? null,
    token?.box ?? null,
    nowMs,
  ]);
  return rowCount === 1;
}
