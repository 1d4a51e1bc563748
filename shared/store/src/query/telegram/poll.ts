import type { ChatId, Seq, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Where a poll of Telegram's is here; `leaving`: perhaps here, for a poll of the bot's is on its way and nobody knows its id yet. */
export type PollPlace =
  | { readonly kind: "message"; readonly chatId: ChatId; readonly seq: Seq }
  | { readonly kind: "leaving" }
  | null;

/** The message a poll is, by Telegram's id of it. */
export async function readPollPlace(db: Queryable, botId: UserId, pollId: string): Promise<PollPlace> {
  const { rows } = await db.query<{ chatId: number; seq: number; known: boolean }>({
    name: "read poll place",
    text: `select chat_id as "chatId", seq, true as known from telegram_send where bot_id = $1 and poll_id = $2
           union all (select chat_id, seq, false from telegram_send
             where bot_id = $1 and state = 'sending' and content ->> 'kind' = 'poll' limit 1)`,
    values: [botId, pollId],
  });
  const [row] = rows;
  if (row === undefined) return null;
  return row.known ? { kind: "message", chatId: row.chatId, seq: row.seq } : { kind: "leaving" };
}
