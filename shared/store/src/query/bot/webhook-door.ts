import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey } from "../identity/account-key.ts";

/** What the webhook of a Telegram bot needs to know its caller and to place the messages. */
export interface WebhookDoor {
  readonly botId: UserId;
  readonly ownerId: UserId;
  /** SHA-256 of the secret. */
  readonly secretDigest: Buffer;
  /** Of the secret before it, while that is taken too. */
  readonly previousDigest: Buffer | null;
  /** Somebody here answers the bot's people. */
  readonly routed: boolean;
}

/** The door of the bot with this username; null when there is none. */
export async function readWebhookDoor(db: Queryable, username: string): Promise<WebhookDoor | null> {
  const { rows } = await db.query<WebhookDoor>({
    name: "read webhook door",
    text: `select id as "botId", owner_id as "ownerId", secret_digest as "secretDigest",
             case when previous_until_ms is null or previous_until_ms > extract(epoch from clock_timestamp()) * 1000
               then previous_digest end as "previousDigest", routed from bot
           where username_key = $1 and deleted_ms is null and mode <> 'native'`,
    values: [accountKey(username)],
  });
  return rows[0] ?? null;
}
