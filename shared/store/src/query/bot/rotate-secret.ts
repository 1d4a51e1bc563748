import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SealedColumns } from "./bot.ts";

const sql = `
  update bot set secret_key_id = $3, secret_box = $4, secret_digest = $5,
    -- Of two changes in a row Telegram may know neither: the one it knows for sure stays.
    previous_digest = case when previous_digest is not null and previous_until_ms is null
      then previous_digest else secret_digest end,
    previous_until_ms = null,
    webhook_status = 'pending', webhook_error = null, webhook_version = webhook_version + 1, attempts = 0,
    next_attempt_ms = $6
  where id = $1 and owner_id = $2 and deleted_ms is null and mode <> 'native'`;

/**
 * Gives a bot's webhook another secret. The old one is taken until Telegram knows the new one, and a minute longer for what
 * is on its way. False when the owner has no such bot.
 * @param tellMs when Telegram is told: not before every edge knows the new secret.
 */
export async function rotateWebhookSecret(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
  secret: { readonly sealed: SealedColumns; readonly digest: Buffer },
  tellMs: number,
): Promise<boolean> {
  const { sealed, digest } = secret;
  const values = [key.id, key.ownerId, sealed.keyId, sealed.box, digest, tellMs];
  const { rowCount } = await db.query(sql, values);
  return rowCount === 1;
}
