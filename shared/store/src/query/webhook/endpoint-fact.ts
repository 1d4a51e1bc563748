import { type EndpointFact, type EndpointFacts, endpointFacts, type WebhookType } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

interface FactRow extends Omit<EndpointFact, "types"> {
  readonly events: readonly WebhookType[] | null;
  /** There, enabled, and its owner may have what it asks for. */
  readonly takes: boolean;
}

/**
 * The endpoints that take anything, of now: all of them, or those of `before` with what has changed since that number. An owner
 * who was disabled gets nothing, one who is no admin any more nothing of scope `all`; nothing is heard of a bot that is gone.
 */
export async function readEndpointFacts(
  db: Queryable,
  before: { readonly version: number; readonly endpoints: EndpointFacts } | null,
): Promise<EndpointFacts> {
  const { rows } = await db.query<FactRow>({
    name: "read endpoint facts",
    text: `select e.id, e.owner_id as "ownerId", e.scope, e.chat_id as "chatId", e.bot_id as "botId", e.events,
             (e.deleted_ms is null and e.status = 'enabled' and u.disabled_ms is null
               and (e.scope <> 'all' or u.role = 'admin')
               and (e.bot_id is null or (b.deleted_ms is null and b.owner_id = e.owner_id) or u.role = 'admin')) as takes
           from webhook_endpoint e join users u on u.id = e.owner_id left join bot b on b.id = e.bot_id
           where e.fact_version > $1 order by e.id`,
    values: [before?.version ?? 0],
  });
  if (before !== null && rows.length === 0) return before.endpoints;
  const endpoints = new Map(before?.endpoints.byId);
  for (const { takes, events, ...endpoint } of rows) {
    if (takes) endpoints.set(endpoint.id, { ...endpoint, types: events === null ? null : new Set(events) });
    else endpoints.delete(endpoint.id);
  }
  return endpointFacts(endpoints.values());
}
