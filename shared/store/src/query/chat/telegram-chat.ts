import type { ChatId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** The chat in which a person and a bot speak alone, by Telegram's id of the person or by ours; null when there is none. */
export async function readTelegramChatOf(
  db: Queryable,
  botId: UserId,
  person: { readonly telegramUserId?: number | undefined; readonly userId?: UserId | undefined },
): Promise<ChatId | null> {
  const { rows } = await db.query<{ id: number }>({
    name: "read telegram chat of",
    text: `select c.id from (select $2::bigint as telegram_id where $2::bigint is not null
             union all select telegram_id from telegram_user where user_id = $3::bigint) p
           join chat_key k on k.key = 'telegram:' || $1::bigint || ':' || p.telegram_id
           join chat c on c.id = k.chat_id and c.deleted_ms is null limit 1`,
    values: [botId, person.telegramUserId ?? null, person.userId ?? null],
  });
  return rows[0]?.id ?? null;
}
