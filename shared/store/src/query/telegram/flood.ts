import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** What a person did, and whether it was answered or too much. */
export interface JudgedUpdate {
  /** Telegram's. */
  readonly personId: number;
  readonly isCommand: boolean;
  readonly flood: "open" | "tell" | "silent";
  readonly createdMs: number;
}

/** What was judged for a bot since a time, in the order of the updates: the last ones, where there are more than the limit. */
export async function judgedUpdates(
  db: Queryable,
  botId: UserId,
  sinceMs: number,
  limit: number,
): Promise<JudgedUpdate[]> {
  const { rows } = await db.query<JudgedUpdate>({
    name: "judged updates",
    text: `select person_id as "personId", is_command as "isCommand", flood, created_ms as "createdMs" from telegram_update
           where bot_id = $1 and flood is not null and created_ms > $2 order by created_ms desc, update_id desc limit $3`,
    values: [botId, sinceMs, limit],
  });
  return rows.toReversed();
}
