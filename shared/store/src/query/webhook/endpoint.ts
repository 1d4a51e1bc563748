/** Endpoints as their owners see and change them: plain transactions of edges. Every change that a courier has to know counts. */
import { Fault, type UserId, type WebhookScope, type WebhookType } from "@rookery/protocol";
import { isUniqueViolation, type Queryable } from "../../pool.ts";

/** What an owner may say of an endpoint. */
export interface EndpointSettings {
  readonly url: string;
  readonly scope: WebhookScope;
  readonly chatId: number | null;
  readonly botId: number | null;
  /** Null: all of its scope. */
  readonly events: readonly WebhookType[] | null;
  readonly fifo: boolean;
  /** Attempts a second; null: as many as there are. */
  readonly rateLimit: number | null;
  /** Attempts at once; null: the courier's default. */
  readonly concurrency: number | null;
  readonly timeoutMs: number;
  /** As it was written (`RetrySetting` of `@rookery/webhook`); null: the default. */
  readonly retry: object | null;
}

export interface EndpointRow extends EndpointSettings {
  readonly id: number;
  readonly ownerId: UserId;
  readonly status: "enabled" | "disabled";
  readonly disabledReason: string | null;
  readonly disabledMs: number | null;
  readonly failingSinceMs: number | null;
  readonly version: number;
  readonly createdMs: number;
}

const columns = `id, owner_id as "ownerId", url, scope, chat_id as "chatId", bot_id as "botId", events, fifo,
  rate_limit as "rateLimit", concurrency, timeout_ms as "timeoutMs", retry, status, disabled_reason as "disabledReason",
  disabled_ms as "disabledMs", failing_since_ms as "failingSinceMs", version, created_ms as "createdMs"`;
const owned = "owner_id = $1 and deleted_ms is null";

/** @throws Fault `conflict` when the request's name was used a moment ago. */
export async function insertEndpoint(
  db: Queryable,
  made: { readonly ownerId: UserId; readonly requestUuid: string | null; readonly createdMs: number },
  settings: EndpointSettings,
): Promise<EndpointRow> {
  try {
    const { rows } = await db.query<EndpointRow>(
      `insert into webhook_endpoint (owner_id, request_uuid, created_ms, url, scope, chat_id, bot_id, events, fifo,
         rate_limit, concurrency, timeout_ms, retry)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning ${columns}`,
      [made.ownerId, made.requestUuid, made.createdMs, ...valuesOf(settings)],
    );
    return rows[0] as EndpointRow;
  } catch (error) {
    if (isUniqueViolation(error, "webhook_endpoint_owner_id_request_uuid_key")) throw new Fault("conflict");
    throw error;
  }
}

/** How many an owner has. */
export async function countEndpoints(db: Queryable, ownerId: UserId): Promise<number> {
  const sql = `select count(*) from webhook_endpoint where ${owned}`;
  const { rows } = await db.query<{ count: number }>(sql, [ownerId]);
  return rows[0]?.count ?? 0;
}

/** One of this owner's; null when there is none, or it is another's. */
export async function readEndpoint(db: Queryable, ownerId: UserId, id: number): Promise<EndpointRow | null> {
  const sql = `select ${columns} from webhook_endpoint where ${owned} and id = $2`;
  const { rows } = await db.query<EndpointRow>(sql, [ownerId, id]);
  return rows[0] ?? null;
}

/** What an earlier request of this name made, unless it is gone. */
export async function readEndpointByRequest(
  db: Queryable,
  ownerId: UserId,
  requestUuid: string,
): Promise<EndpointRow | null> {
  const sql = `select ${columns} from webhook_endpoint where ${owned} and request_uuid = $2`;
  const { rows } = await db.query<EndpointRow>(sql, [ownerId, requestUuid]);
  return rows[0] ?? null;
}

/** The endpoints of an owner in id order after `after`. */
export async function listEndpoints(
  db: Queryable,
  ownerId: UserId,
  page: { readonly after: number; readonly limit: number },
): Promise<EndpointRow[]> {
  const sql = `select ${columns} from webhook_endpoint where ${owned} and id > $2 order by id limit $3`;
  const { rows } = await db.query<EndpointRow>(sql, [ownerId, page.after, page.limit]);
  return rows;
}

/** Null when there is none. */
export async function updateEndpoint(
  db: Queryable,
  key: { readonly ownerId: UserId; readonly id: number },
  settings: EndpointSettings,
): Promise<EndpointRow | null> {
  const { rows } = await db.query<EndpointRow>(
    `update webhook_endpoint set url = $3, scope = $4, chat_id = $5, bot_id = $6, events = $7, fifo = $8,
       rate_limit = $9, concurrency = $10, timeout_ms = $11, retry = $12, version = version + 1
     where ${owned} and id = $2 returning ${columns}`,
    [key.ownerId, key.id, ...valuesOf(settings)],
  );
  return rows[0] ?? null;
}

/** It takes what happens from now on, and what waited goes on. Null when there is none. */
export async function enableEndpoint(
  db: Queryable,
  key: { readonly ownerId: UserId; readonly id: number },
): Promise<EndpointRow | null> {
  const { rows } = await db.query<EndpointRow>(
    `update webhook_endpoint set status = 'enabled', disabled_reason = null, disabled_ms = null,
       failing_since_ms = null, version = version + 1
     where ${owned} and id = $2 returning ${columns}`,
    [key.ownerId, key.id],
  );
  return rows[0] ?? null;
}

/** Takes nothing any more, and its secrets are gone. @returns whether there was one. */
export async function deleteEndpoint(
  db: Queryable,
  key: { readonly ownerId: UserId; readonly id: number },
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update webhook_endpoint set deleted_ms = $3, version = version + 1 where ${owned} and id = $2`,
    [key.ownerId, key.id, nowMs],
  );
  if (rowCount === 0) return false;
  await db.query("delete from webhook_secret where endpoint_id = $1", [key.id]);
  return true;
}

function valuesOf(settings: EndpointSettings): unknown[] {
  const { url, scope, chatId, botId, events, fifo, rateLimit, concurrency, timeoutMs, retry } = settings;
  const asJson = retry === null ? null : JSON.stringify(retry);
  return [url, scope, chatId, botId, events, fifo, rateLimit, concurrency, timeoutMs, asJson];
}
