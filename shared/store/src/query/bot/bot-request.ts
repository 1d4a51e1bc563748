import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/**
 * Notes which request is about to change what Telegram is to know of a bot: its courier's log names it. Before the change, so that
 * whoever takes that up finds it. Without effect when the owner has no such bot.
 */
export async function noteBotRequest(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
  requestId: string,
): Promise<void> {
  await db.query("update bot set request_id = $3 where id = $1 and owner_id = $2 and deleted_ms is null", [
    key.id,
    key.ownerId,
    requestId,
  ]);
}
