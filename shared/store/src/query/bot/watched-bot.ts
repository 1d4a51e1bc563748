import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { BotMode, SealedColumns } from "./bot.ts";

/** A webhook that Telegram is to be asked about. */
export interface WatchedWebhook {
  readonly botId: UserId;
  readonly username: string;
  readonly token: SealedColumns;
  readonly version: number;
}

/** Webhooks that are set and were not asked about since `beforeMs`, the longest not asked about first. */
export async function dueWebhookWatch(
  db: Queryable,
  due: { readonly beforeMs: number; readonly limit: number },
): Promise<WatchedWebhook[]> {
  const { rows } = await db.query<Omit<WatchedWebhook, "token"> & { keyId: string; box: Buffer }>({
    name: "due webhook watch",
    text: `select id as "botId", username, token_key_id as "keyId", token_box as box, webhook_version as version
           from bot where mode = 'webhook' and webhook_status = 'set' and deleted_ms is null and watched_ms < $1
           order by watched_ms limit $2`,
    values: [due.beforeMs, due.limit],
  });
  return rows.map(({ keyId, box, ...row }) => ({ ...row, token: { keyId, box } }));
}

/** Telegram was asked about this webhook, with or without an answer. */
export async function noteWebhookWatch(db: Queryable, botId: UserId, nowMs: number): Promise<void> {
  await db.query({
    name: "note webhook watch",
    text: "update bot set watched_ms = $2 where id = $1",
    values: [botId, nowMs],
  });
}

/** A bot with its secrets, whoever owns it. */
export interface SealedBot {
  readonly id: UserId;
  readonly ownerId: UserId;
  readonly mode: BotMode;
  readonly token: SealedColumns;
  readonly secret: SealedColumns;
}

/** Null when no living bot has this name. */
export async function readSealedBot(db: Queryable, usernameKey: string): Promise<SealedBot | null> {
  const { rows } = await db.query<{
    id: number;
    ownerId: number;
    mode: BotMode;
    tokenKeyId: string;
    tokenBox: Buffer;
    secretKeyId: string;
    secretBox: Buffer;
  }>({
    name: "read sealed bot",
    text: `select id, owner_id as "ownerId", mode, token_key_id as "tokenKeyId", token_box as "tokenBox",
             secret_key_id as "secretKeyId", secret_box as "secretBox"
           from bot where username_key = $1 and deleted_ms is null`,
    values: [usernameKey],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { id, ownerId, mode } = row;
  return {
    id,
    ownerId,
    mode,
    token: { keyId: row.tokenKeyId, box: row.tokenBox },
    secret: { keyId: row.secretKeyId, box: row.secretBox },
  };
}
