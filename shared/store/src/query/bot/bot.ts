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
  readonly createdMs: number;
}

/** The columns of `BotRow`, from `bot b join users u on u.id = b.id`. */
export const botColumns = `b.id, b.owner_id as "ownerId", b.username, u.display_name as "displayName", b.mode,
  b.webhook_status as "webhookStatus", b.webhook_error as "webhookError", b.created_ms as "createdMs"`;
