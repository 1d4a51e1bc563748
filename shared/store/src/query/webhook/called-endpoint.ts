/** Endpoints as the couriers that call them see them. */
import type { Queryable } from "../../pool.ts";

/** An endpoint, also one that takes nothing any more. */
export interface CalledEndpoint {
  readonly id: number;
  readonly ownerId: number;
  readonly url: string;
  readonly fifo: boolean;
  readonly rateLimit: number | null;
  readonly concurrency: number | null;
  readonly timeoutMs: number;
  /** As it was set over REST (`RetrySetting`); null: as usual. */
  readonly retry: unknown;
  /** It is neither disabled nor deleted. */
  readonly isOpen: boolean;
  /** Of its last change; rises with every one. */
  readonly factVersion: number;
}

/** Those changed since that number of the facts, the deleted among them. */
export async function listCalledEndpoints(db: Queryable, sinceVersion: number): Promise<CalledEndpoint[]> {
  const { rows } = await db.query<CalledEndpoint>({
    name: "list called endpoints",
    text: `select id, owner_id as "ownerId", url, fifo, rate_limit as "rateLimit", concurrency,
             timeout_ms as "timeoutMs", retry, (deleted_ms is null and status = 'enabled') as "isOpen",
             fact_version as "factVersion"
           from webhook_endpoint where fact_version > $1 order by fact_version`,
    values: [sinceVersion],
  });
  return rows;
}

/** Since when these have only failed; null: the last attempt succeeded, or there was none. */
export async function readFailingSince(
  db: Queryable,
  endpointIds: readonly number[],
): Promise<ReadonlyMap<number, number | null>> {
  const { rows } = await db.query<{ id: number; failingSinceMs: number | null }>({
    name: "read failing since",
    text: `select id, failing_since_ms as "failingSinceMs" from webhook_endpoint where id = any($1::bigint[])`,
    values: [endpointIds],
  });
  return new Map(rows.map(({ id, failingSinceMs }) => [id, failingSinceMs]));
}
