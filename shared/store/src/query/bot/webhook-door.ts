import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey } from "../identity/account-key.ts";

/** What the webhook of a Telegram bot needs to know its caller and to place the messages. */
export interface WebhookDoor {
  readonly botId: UserId;
  readonly ownerId: UserId;
  /** SHA-256 of the secret. */
  readonly secretDigest: Buffer;
}

/** The door of the bot with this username; null when there is none. */
export async function readWebhookDoor(db: Queryable, username: string): Promise<WebhookDoor | null> {
  const { rows } = await db.query<WebhookDoor>({
    name: "read webhook door",
    text: `select id as "botId", owner_id as "ownerId", secret_digest as "secretDigest" from bot
           where username_key = $1 and deleted_ms is null and mode <> 'native'`,
    values: [accountKey(username)],
  });
  return rows[0] ?? null;
}
