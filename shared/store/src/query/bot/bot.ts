import type { UserId } from "@rookery/protocol";

export type BotMode = "webhook" | "polling" | "native";
export type WebhookStatus = "pending" | "set" | "failed" | "off";

/** A secret as it lies in a row; `@rookery/auth` seals and opens it. */
export interface SealedColumns {
  readonly keyId: string;
  readonly box: Buffer;
}

/** The names under which a bot's secrets are sealed, so that a row copied to another bot's place is worthless. */
export const botSecretOwner = {
  token: (botId: UserId): string => `bot:${botId}:token`,
  webhook: (botId: UserId): string => `bot:${botId}:webhook`,
} as const;

/** A bot, without its secrets. */
export interface BotRow {
  readonly id: UserId;
  readonly ownerId: UserId;
  readonly username: string;
  readonly displayName: string;
  readonly mode: BotMode;
  readonly webhookStatus: WebhookStatus;
  readonly webhookError: string | null;
  /** What Telegram says went wrong last on its way to us, and when; and how many updates wait there. */
  readonly telegramError: string | null;
  readonly telegramErrorMs: number | null;
  readonly telegramPending: number;
  readonly createdMs: number;
  /** Of a bot of our own; null: it is Telegram's. */
  readonly privacyMode: boolean | null;
}

/** The columns of `BotRow`, from `bot b join users u on u.id = b.id`. */
export const botColumns = `b.id, b.owner_id as "ownerId", b.username, u.display_name as "displayName", b.mode,
  b.webhook_status as "webhookStatus", b.webhook_error as "webhookError", b.telegram_error as "telegramError",
  b.telegram_error_ms as "telegramErrorMs", b.telegram_pending as "telegramPending", b.created_ms as "createdMs",
  (select n.privacy_mode from native_bot n where n.bot_id = b.id) as "privacyMode"`;
