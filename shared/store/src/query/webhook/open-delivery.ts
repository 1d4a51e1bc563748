/** Deliveries that are not done, as the courier of their endpoint sees them. */
import type { WebhookType } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { JobFence } from "../telegram/send.ts";

export interface OpenDelivery {
  readonly id: string;
  readonly endpointId: number;
  readonly type: WebhookType;
  readonly chatId: number | null;
  readonly place: number;
  /** All there were, and those since it was made or last replayed. */
  readonly attempts: number;
  readonly tries: number;
  readonly nextMs: number;
}

const columns = `d.id, d.endpoint_id as "endpointId", d.type, d.chat_id as "chatId", d.place, d.attempts, d.tries,
  d.next_ms as "nextMs"`;

/**
 * Of deliveries found by their ids. Said so that the index of what is pending does not serve: it looks small to the planner when little
 * was open, and a plan made then walks all that is open for every batch (57 s of Postgres for 20,000 deliveries instead of 2).
 */
export const isOpen = "d.state <> all ('{delivered,dead}')";

/** Between these times something is far; before, it is near, and after it only a clock that has jumped can have put it. */
export interface Horizon {
  readonly nearMs: number;
  readonly wrongMs: number;
}

/** Never tried, due by then, or at an impossible time. */
const isNear = (near: string, wrong: string): string =>
  `(d.tries = 0 or d.next_ms < ${near} or d.next_ms > ${wrong})`;

/** What is near, of one endpoint, the first due first. */
export async function openDeliveriesOf(
  db: Queryable,
  endpointId: number,
  { nearMs, wrongMs }: Horizon,
  limit: number,
): Promise<OpenDelivery[]> {
  const { rows } = await db.query<OpenDelivery>({
    name: "open deliveries",
    text: `select ${columns} from webhook_delivery d
           where d.endpoint_id = $1 and d.state = 'pending' and ${isNear("$2", "$3")}
           order by d.next_ms limit $4`,
    values: [endpointId, nearMs, wrongMs, limit],
  });
  return rows;
}

/** Of each chat a beginning without gaps, in its order: for endpoints that keep it. */
export async function openDeliveriesInOrder(
  db: Queryable,
  endpointId: number,
  { perChat, limit }: { readonly perChat: number; readonly limit: number },
): Promise<OpenDelivery[]> {
  const { rows } = await db.query<OpenDelivery>({
    name: "open deliveries in order",
    text: `select * from (
             select ${columns}, d.sub, row_number() over (partition by d.chat_id order by d.place, d.sub, d.created_ms) as nth
             from webhook_delivery d where d.endpoint_id = $1 and d.state = 'pending') o
           where nth <= $2 order by nth, "nextMs" limit $3`,
    values: [endpointId, perChat, limit],
  });
  return rows;
}

/** The same of some chats of some endpoints. */
export async function openDeliveriesOfLines(
  db: Queryable,
  lines: readonly { readonly endpointId: number; readonly chatId: number | null }[],
  perChat: number,
): Promise<OpenDelivery[]> {
  const { rows } = await db.query<OpenDelivery>({
    name: "open deliveries of lines",
    text: `select o.* from json_to_recordset($1::json) as l("endpointId" bigint, "chatId" bigint)
           cross join lateral (select ${columns} from webhook_delivery d
             where d.endpoint_id = l."endpointId" and d.state = 'pending' and d.chat_id is not distinct from l."chatId"
             order by d.place, d.sub, d.created_ms limit $2) o`,
    values: [JSON.stringify(lines), perChat],
  });
  return rows;
}

/** Those that are open, of these. */
export async function openDeliveriesById(db: Queryable, ids: readonly string[]): Promise<OpenDelivery[]> {
  const { rows } = await db.query<OpenDelivery>({
    name: "open deliveries by id",
    text: `select ${columns} from webhook_delivery d where d.id = any($1::text[]) and ${isOpen}`,
    values: [ids],
  });
  return rows;
}

export interface OpenCount {
  readonly endpointId: number;
  readonly count: number;
  readonly near: number;
  /** When the first of them was or will be due. */
  readonly dueMs: number;
}

/** How much is open of every endpoint that has something. */
export async function countOpenDeliveries(db: Queryable, { nearMs, wrongMs }: Horizon): Promise<OpenCount[]> {
  const { rows } = await db.query<OpenCount>({
    name: "count open deliveries",
    text: `select d.endpoint_id as "endpointId", count(*), count(*) filter (where ${isNear("$1", "$2")}) as near,
             min(d.next_ms) as "dueMs"
           from webhook_delivery d where d.state = 'pending' group by d.endpoint_id`,
    values: [nearMs, wrongMs],
  });
  return rows;
}

/** The bodies of deliveries; those that are no longer kept are left out. */
export async function readPayloads(
  db: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: string; payload: string }>({
    name: "read webhook payloads",
    text: `select d.id, e.payload from webhook_delivery d join webhook_event e on e.id = d.event_id
           where d.id = any($1::text[])`,
    values: [ids],
  });
  return new Map(rows.map(({ id, payload }) => [id, payload]));
}

/**
 * What is open of endpoints that take nothing any more is dead, and may be replayed when they do again. In portions.
 * @returns how many were buried.
 */
export async function buryDeliveries(
  db: Queryable,
  fences: readonly JobFence[],
  asked: {
    readonly endpoints: readonly { readonly id: number; readonly shard: number }[];
    readonly nowMs: number;
    readonly limit: number;
  },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "bury deliveries",
    text: `with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
             held as (select s.id from shard s join fence f on s.id = f.shard
               where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s),
             closed as (select e.id from webhook_endpoint e
               join json_to_recordset($2::json) as r(id bigint, shard integer) on r.id = e.id
               where r.shard in (select id from held) and (e.deleted_ms is not null or e.status = 'disabled')
               for share of e)
           update webhook_delivery set state = 'dead', error = 'the endpoint was closed', done_ms = $3
           where id in (select d.id from webhook_delivery d
             where d.state = 'pending' and d.endpoint_id in (select id from closed) limit $4)`,
    values: [JSON.stringify(fences), JSON.stringify(asked.endpoints), asked.nowMs, asked.limit],
  });
  return rowCount ?? 0;
}

/** What is done and older goes, attempts and all, a portion at a time. @returns how many deliveries. */
export async function sweepDeliveries(db: Queryable, olderThanMs: number, limit: number): Promise<number> {
  const { rows } = await db.query<{ id: string }>({
    name: "sweep deliveries",
    text: `with old as (delete from webhook_delivery where id in (
               select d.id from webhook_endpoint e cross join lateral
                 (select id from webhook_delivery w
                  where w.endpoint_id = e.id and w.created_ms < $1 and w.state <> 'pending' limit $2) d
               limit $2)
             returning id),
             tried as (delete from webhook_attempt where delivery_id in (select id from old))
           select id from old`,
    values: [olderThanMs, limit],
  });
  return rows.length;
}

/** Events that are older and of which no delivery is open: a schedule of one's own may take months. @returns how many. */
export async function sweepEvents(db: Queryable, olderThanMs: number, limit: number): Promise<number> {
  const { rowCount } = await db.query({
    name: "sweep webhook events",
    text: `delete from webhook_event where id in (
             select id from webhook_event where created_ms < $1
               and id not in (select event_id from webhook_delivery where state = 'pending' and created_ms < $1)
             order by created_ms limit $2)`,
    values: [olderThanMs, limit],
  });
  return rowCount ?? 0;
}
