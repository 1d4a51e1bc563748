import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { BotMode, SealedColumns, WebhookStatus } from "./bot.ts";

/** A bot of which Telegram does not yet know what it should. */
export interface WebhookWork {
  readonly botId: UserId;
  readonly username: string;
  readonly mode: BotMode;
  readonly deleted: boolean;
  readonly token: SealedColumns;
  readonly secret: SealedColumns;
  readonly version: number;
  readonly attempts: number;
  /** The last request that changed what Telegram is to know. */
  readonly requestId: string | null;
}

interface WorkRow extends Omit<WebhookWork, "token" | "secret"> {
  readonly tokenKeyId: string;
  readonly tokenBox: Buffer;
  readonly secretKeyId: string;
  readonly secretBox: Buffer;
}

/** Work that is due, longest due first, of the bots after which the last call ended. */
export async function dueWebhookWork(
  db: Queryable,
  due: { readonly nowMs: number; readonly limit: number },
): Promise<WebhookWork[]> {
  const { rows } = await db.query<WorkRow>({
    name: "due webhook work",
    text: `select id as "botId", username, mode, deleted_ms is not null as deleted, webhook_version as version,
             attempts, request_id as "requestId", token_key_id as "tokenKeyId", token_box as "tokenBox",
             secret_key_id as "secretKeyId", secret_box as "secretBox"
           from bot where next_attempt_ms <= $1 order by next_attempt_ms limit $2`,
    values: [due.nowMs, due.limit],
  });
  return rows.map(({ tokenKeyId, tokenBox, secretKeyId, secretBox, ...row }) => ({
    ...row,
    token: { keyId: tokenKeyId, box: tokenBox },
    secret: { keyId: secretKeyId, box: secretBox },
  }));
}

/** How an attempt ended. */
export interface WebhookResult {
  readonly botId: UserId;
  /** The version the attempt was made for. */
  readonly version: number;
  readonly status: WebhookStatus;
  readonly url: string | null;
  readonly error: string | null;
  /** Null: nothing is left to do. */
  readonly nextAttemptMs: number | null;
}

/**
 * Notes the end of an attempt; without effect when the bot was changed meanwhile. The token of a deleted bot is
 * erased once Telegram has been told.
 */
export async function finishWebhookWork(db: Queryable, result: WebhookResult): Promise<void> {
  await db.query(
    `update bot set webhook_status = $3, webhook_url = $4, webhook_error = $5, next_attempt_ms = $6,
       attempts = case when $6::bigint is null then 0 else attempts + 1 end,
       -- What was posted under the old secret is on its way for a while.
       previous_until_ms = case when $3 = 'set' and previous_digest is not null and previous_until_ms is null
         then (extract(epoch from clock_timestamp()) * 1000)::bigint + 60000 else previous_until_ms end,
       token_box = case when deleted_ms is not null and $6::bigint is null then ''::bytea else token_box end
     where id = $1 and webhook_version = $2`,
    [result.botId, result.version, result.status, result.url, result.error, result.nextAttemptMs],
  );
}

/** Makes work of the webhooks that lie under another address than `baseUrl`: the cluster has moved. */
export async function reopenMovedWebhooks(db: Queryable, baseUrl: string, nowMs: number): Promise<number> {
  const { rowCount } = await db.query(
    `update bot set webhook_status = 'pending', webhook_version = webhook_version + 1, attempts = 0,
       next_attempt_ms = $2
     where deleted_ms is null and mode = 'webhook' and webhook_status = 'set'
       and webhook_url is distinct from $1 || username`,
    [baseUrl, nowMs],
  );
  return rowCount ?? 0;
}
