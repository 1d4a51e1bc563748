/** Webhooks of bots of our own: where they are posted to, and what is still to be posted. */
import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { JobFence } from "../telegram/send.ts";
import type { SealedColumns } from "./bot.ts";
import { type BotInShard, consumerSilenceMs, type StoredUpdate } from "./native-update.ts";

/** What a bot says of how it wants to be told. */
export interface NativeWebhook {
  /** Null: it asks. */
  readonly url: string | null;
  readonly maxConnections: number;
  readonly ip: string | null;
  /** Sealed as the bot's webhook secret; null: none. */
  readonly secret: SealedColumns | null;
}

/**
 * Writes it, in a transaction. What the bot has not yet, and is to be dropped, it has from here on.
 * @returns whether it is another than before.
 */
export async function writeNativeWebhook(
  db: Queryable,
  botId: UserId,
  webhook: NativeWebhook,
  change: { readonly dropPending: boolean; readonly nowMs: number },
): Promise<boolean> {
  const { url, maxConnections, ip, secret } = webhook;
  const { rows } = await db.query<{ before: string | null }>(
    `with before as (select webhook_url from native_bot where bot_id = $1 for update)
     update native_bot n set webhook_url = $2, webhook_max_connections = $3, webhook_ip = $4, webhook_has_secret = $5,
       webhook_version = webhook_version + 1,
       last_error = case when n.webhook_url is distinct from $2 then null else last_error end,
       last_error_ms = case when n.webhook_url is distinct from $2 then null else last_error_ms end
     from before b where n.bot_id = $1 returning b.webhook_url as before`,
    [botId, url, maxConnections, ip, secret !== null],
  );
  if (secret !== null) {
    await db.query("update bot set secret_key_id = $2, secret_box = $3 where id = $1", [
      botId,
      secret.keyId,
      secret.box,
    ]);
  }
  await db.query(
    `insert into bot_consumer (bot_id, name, next_update_id, seen_ms) values ($1, '', 0, $2) on conflict do nothing`,
    [botId, change.nowMs],
  );
  if (change.dropPending) await db.query(dropSql, [botId]);
  return rows[0]?.before !== url;
}

const dropSql = `
  with dropped as (delete from bot_update where bot_id = $1
    and not exists (select from bot_consumer where bot_id = $1 and name <> '') returning 1)
  update bot_update set taken = true where bot_id = $1 and not taken
    and exists (select from bot_consumer where bot_id = $1 and name <> '')`;

/** Facts (`fact-version.ts`): in a transaction. Null: the default set. What is so already changes nothing. */
export async function changeAllowedUpdates(
  db: Queryable,
  botId: UserId,
  allowed: readonly string[] | null,
): Promise<void> {
  const { rowCount } = await db.query(
    `update native_bot set allowed_updates = $2::text[] where bot_id = $1 and allowed_updates is distinct from $2::text[]`,
    [botId, allowed],
  );
  if (rowCount === 1) await db.query("select next_fact_version()");
}

export interface NativeWebhookState {
  readonly url: string | null;
  readonly maxConnections: number;
  readonly ip: string | null;
  readonly allowedUpdates: readonly string[] | null;
  readonly lastErrorMs: number | null;
  readonly lastError: string | null;
  readonly pending: number;
}

export async function readNativeWebhook(
  db: Queryable,
  botId: UserId,
  nowMs: number,
): Promise<NativeWebhookState | null> {
  const { rows } = await db.query<NativeWebhookState>({
    name: "read native webhook",
    text: `select webhook_url as url, webhook_max_connections as "maxConnections", webhook_ip as ip,
             allowed_updates as "allowedUpdates", last_error_ms as "lastErrorMs", last_error as "lastError",
             (select count(*) from bot_update u where u.bot_id = $1 and not u.taken and u.expires_ms > $2) as pending
           from native_bot where bot_id = $1`,
    values: [botId, nowMs],
  });
  return rows[0] ?? null;
}

/** A bot that is posted to. */
export interface PostedBot {
  readonly botId: UserId;
  readonly url: string;
  readonly maxConnections: number;
  readonly ip: string | null;
  readonly secret: SealedColumns | null;
  /** Counts changes. */
  readonly version: number;
}

type PostedRow = Omit<PostedBot, "secret"> & { hasSecret: boolean; keyId: string; box: Buffer };

const posted = `select n.bot_id as "botId", n.webhook_url as url, n.webhook_max_connections as "maxConnections",
    n.webhook_ip as ip, n.webhook_version as version, n.webhook_has_secret as "hasSecret",
    b.secret_key_id as "keyId", b.secret_box as box
  from native_bot n join bot b on b.id = n.bot_id where n.webhook_url is not null and b.deleted_ms is null`;

export async function postedBots(db: Queryable): Promise<PostedBot[]> {
  const { rows } = await db.query<PostedRow>({ name: "posted bots", text: posted });
  return rows.map(toPosted);
}

/** Null: it asks for its updates. */
export async function readPostedBot(db: Queryable, botId: UserId): Promise<PostedBot | null> {
  const { rows } = await db.query<PostedRow>({
    name: "read posted bot",
    text: `${posted} and n.bot_id = $1`,
    values: [botId],
  });
  return rows[0] === undefined ? null : toPosted(rows[0]);
}

function toPosted({ hasSecret, keyId, box, ...row }: PostedRow): PostedBot {
  return { ...row, secret: hasSecret ? { keyId, box } : null };
}

/** What is to be posted, of all queues but these, or of this one alone; by number, after `after`. */
export async function queuedUpdates(
  db: Queryable,
  botId: UserId,
  page: { readonly after: number; readonly queue: string | null; readonly limit: number },
  nowMs: number,
): Promise<StoredUpdate[]> {
  const { rows } = await db.query<StoredUpdate>({
    name: "queued updates",
    text: `select update_id as "updateId", type, queue, payload, expires_ms as "expiresMs" from bot_update
           where bot_id = $1 and update_id > $2 and ($3::text is null or queue = $3) and not taken and expires_ms > $5
           order by update_id limit $4`,
    values: [botId, page.after, page.queue, page.limit, nowMs],
  });
  return rows;
}

export interface BotTaken extends BotInShard {
  readonly updateId: number;
}

/**
 * Its webhook took them, or never will: the bot has them.
 * @returns the job shards that are still held; of the others nothing was written, another posts them again.
 */
export async function takeUpdates(
  db: Queryable,
  fences: readonly JobFence[],
  told: readonly BotTaken[],
  nowMs: number,
): Promise<ReadonlySet<number>> {
  const { rows } = await db.query<{ id: number }>({
    name: "take updates",
    text: `with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
      held as (select s.id from shard s join fence f on s.id = f.shard
               where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s),
      told as (select r."botId" as bot_id, r."updateId" as update_id, (select min(c.next_update_id) from bot_consumer c
            where c.bot_id = r."botId" and c.name <> '' and c.seen_ms > $3::bigint - ${consumerSilenceMs}) as low
        from json_to_recordset($2::json) as r("botId" bigint, shard integer, "updateId" integer)
        where r.shard in (select id from held)),
      gone as (delete from bot_update u using told t where u.bot_id = t.bot_id and u.update_id = t.update_id
        and (t.low is null or u.update_id < t.low) returning u.id),
      kept as (update bot_update u set taken = true from told t
        where u.bot_id = t.bot_id and u.update_id = t.update_id and t.low is not null and u.update_id >= t.low)
      select id from held`,
    values: [JSON.stringify(fences), JSON.stringify(told), nowMs],
  });
  return new Set(rows.map(({ id }) => id));
}

/** What `getWebhookInfo` tells; written when it changes in words or by the minute. */
export async function noteWebhookError(
  db: Queryable,
  fences: readonly JobFence[],
  { botId, shard }: BotInShard,
  error: { readonly message: string; readonly atMs: number },
): Promise<void> {
  await db.query({
    name: "note native webhook error",
    text: `with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
      held as (select s.id from shard s join fence f on s.id = f.shard
               where s.kind = 'job' and s.epoch = f.epoch for share of s)
      update native_bot set last_error = $4, last_error_ms = $5
      where bot_id = $2 and $3::integer in (select id from held) and webhook_url is not null`,
    values: [JSON.stringify(fences), botId, shard, error.message, error.atMs],
  });
}
