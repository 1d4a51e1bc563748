/** Deliveries as people see them, and sent again by them. What becomes of one under way is its courier's alone. */
import type { UserId, WebhookDelivery } from "@rookery/protocol";
import type { Queryable, Store } from "../../pool.ts";

export interface DeliveryRow {
  readonly id: string;
  readonly endpointId: number;
  readonly eventId: string;
  readonly type: string;
  readonly chatId: number | null;
  readonly place: number;
  readonly sub: number;
  readonly state: "pending" | "delivered" | "dead";
  readonly attempts: number;
  readonly tries: number;
  readonly nextMs: number;
  /** Of the last attempt. */
  readonly status: number | null;
  readonly error: string | null;
  readonly createdMs: number;
  readonly doneMs: number | null;
}

export interface AttemptRow {
  readonly n: number;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly response: string | null;
}

const columns = `d.id, d.endpoint_id as "endpointId", d.event_id as "eventId", d.type, d.chat_id as "chatId", d.place, d.sub,
  d.state, d.attempts, d.tries, d.next_ms as "nextMs", d.status, d.error, d.created_ms as "createdMs",
  d.done_ms as "doneMs"`;

/** `failed`: not delivered, though it was tried. */
export type DeliveryStatus = DeliveryRow["state"] | "failed";

const conditions: Readonly<Record<DeliveryStatus, string>> = {
  pending: "d.state = 'pending'",
  delivered: "d.state = 'delivered'",
  dead: "d.state = 'dead'",
  failed: "(d.state = 'dead' or (d.state = 'pending' and d.tries > 0))",
};

function conditionOf(status: DeliveryStatus | null): string {
  return status === null ? "" : `and ${conditions[status]}`;
}

/** A place in a list, the newest first. */
export interface DeliveryPlace {
  readonly createdMs: number;
  readonly id: string;
}

/** Which deliveries are meant; null: any. */
export interface DeliveryChoice {
  readonly endpointId: number | null;
  readonly status: DeliveryStatus | null;
  readonly sinceMs: number;
}

export async function countDeliveries(
  db: Queryable,
  { endpointId, status, sinceMs }: DeliveryChoice,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) from webhook_delivery d where d.created_ms >= $1 ${conditionOf(status)}
       and ($2::bigint is null or d.endpoint_id = $2)`,
    [sinceMs, endpointId],
  );
  return rows[0]?.count ?? 0;
}

/** The newest first. */
export async function listDeliveries(
  db: Queryable,
  asked: DeliveryChoice,
  page: { readonly before: DeliveryPlace | null; readonly limit: number },
): Promise<DeliveryRow[]> {
  const { endpointId, status, sinceMs } = asked;
  const { rows } = await db.query<DeliveryRow>(
    `select ${columns} from webhook_delivery d
     where d.created_ms >= $1 ${conditionOf(status)}
       and ($2::bigint is null or d.endpoint_id = $2)
       and ($3::bigint is null or (d.created_ms, d.id) < ($3, $4))
     order by d.created_ms desc, d.id desc limit $5`,
    [sinceMs, endpointId, page.before?.createdMs ?? null, page.before?.id ?? null, page.limit],
  );
  return rows;
}

/** One of a delivery of this owner's endpoints, whole; null: there is none. */
export async function readDelivery(
  db: Queryable,
  ownerId: UserId,
  id: string,
): Promise<(DeliveryRow & { readonly payload: string; readonly isEnabled: boolean }) | null> {
  const { rows } = await db.query<DeliveryRow & { payload: string; isEnabled: boolean }>(
    `select ${columns}, v.payload, e.status = 'enabled' as "isEnabled" from webhook_delivery d
       join webhook_endpoint e on e.id = d.endpoint_id join webhook_event v on v.id = d.event_id
     where d.id = $2 and e.owner_id = $1 and e.deleted_ms is null`,
    [ownerId, id],
  );
  return rows[0] ?? null;
}

/** In their order; at most `limit`, the last ones. */
export async function readAttempts(db: Queryable, deliveryId: string, limit: number): Promise<AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>(
    `select n, at_ms as "atMs", latency_ms as "latencyMs", status, error, response
     from webhook_attempt where delivery_id = $1 order by n desc limit $2`,
    [deliveryId, limit],
  );
  return rows.toReversed();
}

/** Sends it again, with all its tries, unless it is under way. The courier that owns it reads it, as any pending one. */
export async function replayDelivery(
  db: Queryable,
  id: string,
  nowMs: number,
): Promise<"again" | "pending" | "missing"> {
  const { rowCount } = await db.query(
    `update webhook_delivery set state = 'pending', tries = 0, next_ms = $2, done_ms = null
     where id = $1 and state <> 'pending'`,
    [id, nowMs],
  );
  if (rowCount === 1) return "again";
  const there = await db.query("select 1 from webhook_delivery where id = $1", [id]);
  return there.rowCount === 1 ? "pending" : "missing";
}

/** In one statement, so that no row is locked for long. */
const portion = 2_000;

/**
 * Sends again what was made in that time and is dead, or, of `delivered` ones too, everything; each once.
 * @returns how many: at most `limit` and a portion.
 */
export async function recoverDeliveries(
  store: Store,
  asked: {
    readonly endpointId: number;
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly delivered: boolean;
    readonly limit: number;
  },
  now: () => number,
): Promise<number> {
  let after: DeliveryPlace = { createdMs: asked.sinceMs, id: "" };
  let count = 0;
  while (count < asked.limit) {
    const { rows } = await store.query<DeliveryPlace & { count: number }>(
      `with chosen as (select id from webhook_delivery where endpoint_id = $1 and created_ms <= $2
           and (created_ms, id) > ($3, $4) and (state = 'dead' or ($5 and state = 'delivered'))
         order by created_ms, id limit $6),
       done as (update webhook_delivery d set state = 'pending', tries = 0, next_ms = $7, done_ms = null
         from chosen where d.id = chosen.id and d.state <> 'pending' returning d.created_ms, d.id)
       select created_ms as "createdMs", id, count(*) over () from done order by created_ms desc, id desc limit 1`,
      [asked.endpointId, asked.untilMs, after.createdMs, after.id, asked.delivered, portion, now()],
    );
    const [last] = rows;
    if (last === undefined) break;
    count += last.count;
    after = last;
  }
  return count;
}

/** A delivery that no actor makes, with its event; nothing when there is one of that id. */
export async function insertDelivery(
  db: Queryable,
  {
    id,
    endpointId,
    eventId,
    type,
    chatId,
    place,
    sub,
    createdMs,
    nextMs,
  }: Omit<WebhookDelivery, "type"> & {
    readonly type: string;
  },
  payload: string,
): Promise<boolean> {
  await db.query(
    `insert into webhook_event (id, type, payload, created_ms) values ($1, $2, $3, $4) on conflict (id) do nothing`,
    [eventId, type, payload, createdMs],
  );
  const { rowCount } = await db.query(
    `insert into webhook_delivery (id, endpoint_id, event_id, type, chat_id, place, sub, next_ms, created_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
    [id, endpointId, eventId, type, chatId, place, sub, nextMs, createdMs],
  );
  return rowCount === 1;
}
