import type { WebhookEvent } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { JobFence } from "../telegram/send.ts";
import { isOpen } from "./open-delivery.ts";

/** What came of one attempt, and what that makes of its delivery. */
export interface DeliveryResult {
  readonly id: string;
  /** Its endpoint's job shard. */
  readonly shard: number;
  readonly state: "pending" | "delivered" | "dead";
  /** Of the delivery with this one: all, and since it was made or last replayed. */
  readonly attempts: number;
  readonly tries: number;
  /** When it is tried again; of those done as it was. */
  readonly nextMs: number;
  /** Null: nothing was asked, so there is no attempt to be kept. */
  readonly attempt: {
    readonly atMs: number;
    readonly latencyMs: number;
    readonly status: number | null;
    readonly error: string | null;
    readonly response: string | null;
  } | null;
  readonly error: string | null;
  readonly atMs: number;
}

/** What attempts make of an endpoint. */
export interface EndpointNote {
  readonly id: number;
  readonly shard: number;
  /** Null: it has just taken something. */
  readonly failingSinceMs: number | null;
  /** Null: it goes on. */
  readonly disabledReason: string | null;
  readonly atMs: number;
}

/** Word of the system's own, for the other endpoints of an endpoint's owner that hear everything. */
export interface OperationalEvent extends WebhookEvent {
  readonly endpointId: number;
  readonly shard: number;
}

export interface FinishedAttempts {
  /** The deliveries that were written; the others were replayed, buried or are somebody else's. */
  readonly ids: ReadonlySet<string>;
  /** Deliveries that this has made, to other endpoints. */
  readonly told: readonly { readonly id: string; readonly endpointId: number }[];
}

const statement = `
  with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
  held as (select s.id from shard s join fence f on s.id = f.shard
    where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s),
  result as (select * from json_to_recordset($2::json) as r(id text, shard integer, state text, attempts integer,
    tries integer, "nextMs" bigint, attempt json, status integer, error text, "atMs" bigint)
    where r.shard in (select id from held)),
  done as (update webhook_delivery d set state = r.state, attempts = r.attempts, tries = r.tries, next_ms = r."nextMs",
      status = r.status, error = r.error, done_ms = case when r.state = 'pending' then null else r."atMs" end
    from result r where d.id = r.id and ${isOpen}
      and d.attempts = r.attempts - case when r.attempt is null then 0 else 1 end
    returning d.id),
  tried as (insert into webhook_attempt (delivery_id, n, at_ms, latency_ms, status, error, response)
    select r.id, r.attempts, (r.attempt->>'atMs')::bigint, (r.attempt->>'latencyMs')::integer, r.status,
      r.attempt->>'error', r.attempt->>'response'
    from result r where r.attempt is not null and r.id in (select id from done)
    on conflict do nothing),
  note as (select * from json_to_recordset($3::json) as n(id bigint, shard integer, "failingSinceMs" bigint,
    "disabledReason" text, "atMs" bigint) where n.shard in (select id from held)),
  noted as (update webhook_endpoint e set failing_since_ms = n."failingSinceMs",
      status = case when n."disabledReason" is null then e.status else 'disabled' end,
      disabled_reason = coalesce(n."disabledReason", e.disabled_reason),
      disabled_ms = case when n."disabledReason" is null then e.disabled_ms else n."atMs" end
    from note n where e.id = n.id and e.deleted_ms is null and e.status = 'enabled'),
  word as (select w.*, e.owner_id from json_to_recordset($4::json) as w(id text, type text, payload text,
      "createdMs" bigint, "endpointId" bigint, shard integer)
    join webhook_endpoint e on e.id = w."endpointId" where w.shard in (select id from held)),
  target as (select w.id as event_id, w.type, w."createdMs", e.id as endpoint_id
    from word w join webhook_endpoint e on e.owner_id = w.owner_id and e.id <> w."endpointId" and e.scope = 'all'
      and e.status = 'enabled' and e.deleted_ms is null and (e.events is null or w.type = any(e.events))
    join users u on u.id = e.owner_id and u.role = 'admin' and u.disabled_ms is null),
  event as (insert into webhook_event (id, type, payload, created_ms)
    select id, type, payload, "createdMs" from word where id in (select event_id from target) on conflict do nothing),
  told as (insert into webhook_delivery (id, endpoint_id, event_id, type, place, sub, next_ms, created_ms)
    select 'msg_' || endpoint_id || '_' || event_id, endpoint_id, event_id, type, "createdMs", 0, "createdMs", "createdMs"
    from target on conflict do nothing returning id, endpoint_id)
  select (select coalesce(json_agg(id), '[]') from done) as ids,
    (select coalesce(json_agg(json_build_object('id', id, 'endpointId', endpoint_id)), '[]') from told) as told`;

/** Results, what they make of endpoints, and word of that: one statement, so none without the others. */
export async function finishAttempts(
  db: Queryable,
  fences: readonly JobFence[],
  results: readonly DeliveryResult[],
  after: { readonly notes: readonly EndpointNote[]; readonly events: readonly OperationalEvent[] },
): Promise<FinishedAttempts> {
  const rows = results.map((result) => ({ ...result, status: result.attempt?.status ?? null }));
  const { rows: answer } = await db.query<{ ids: string[]; told: { id: string; endpointId: number }[] }>({
    name: "finish webhook attempts",
    text: statement,
    values: [
      JSON.stringify(fences),
      JSON.stringify(rows),
      JSON.stringify(after.notes),
      JSON.stringify(after.events),
    ],
  });
  const [row] = answer;
  return { ids: new Set(row?.ids), told: row?.told ?? [] };
}
