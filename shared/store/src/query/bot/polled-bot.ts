import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SealedColumns } from "./bot.ts";

/** A bot whose updates we ask for. */
export interface PolledBot {
  readonly botId: UserId;
  readonly ownerId: UserId;
  readonly routed: boolean;
  readonly token: SealedColumns;
  /** Counts changes of how the bot meets Telegram. */
  readonly version: number;
}

/** The bots in polling mode, as far as Telegram has been told that they have no webhook. */
export async function listPolledBots(db: Queryable): Promise<PolledBot[]> {
  const { rows } = await db.query<Omit<PolledBot, "token"> & { keyId: string; box: Buffer }>({
    name: "list polled bots",
    text: `select id as "botId", owner_id as "ownerId", routed, token_key_id as "keyId", token_box as box,
             webhook_version as version
           from bot where mode = 'polling' and webhook_status = 'off' and deleted_ms is null order by id`,
  });
  return rows.map(({ keyId, box, ...row }) => ({ ...row, token: { keyId, box } }));
}

/** Telegram has other words on the bot's webhook than the row; it is to be told anew. */
export async function reopenWebhook(
  db: Queryable,
  { botId, version }: { readonly botId: UserId; readonly version: number },
  nowMs: number,
): Promise<void> {
  await db.query({
    name: "reopen webhook",
    text: `update bot set webhook_status = 'pending', webhook_version = webhook_version + 1, attempts = 0,
             next_attempt_ms = $3
           where id = $1 and webhook_version = $2 and deleted_ms is null`,
    values: [botId, version, nowMs],
  });
}

/** What Telegram says of its way to us, and since when. */
export interface TelegramWord {
  readonly botId: UserId;
  /** Null: nothing is wrong. */
  readonly error: string | null;
  readonly errorMs: number | null;
  /** Updates that wait there. */
  readonly pending: number;
}

export async function noteTelegramWord(db: Queryable, { botId, ...word }: TelegramWord): Promise<void> {
  await db.query({
    name: "note telegram word",
    text: `update bot set telegram_error = $2, telegram_error_ms = $3, telegram_pending = $4
           where id = $1 and (telegram_error, telegram_error_ms, telegram_pending)
             is distinct from ($2::text, $3::bigint, $4::integer)`,
    values: [botId, word.error, word.errorMs, word.pending],
  });
}
