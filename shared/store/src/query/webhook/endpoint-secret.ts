/** What deliveries are signed with. Sealed; several at a time while one takes another's place. */
import type { Queryable } from "../../pool.ts";
import type { SealedColumns } from "../bot/bot.ts";

/** The name under which an endpoint's secret is sealed, so that a row copied to another's place is worthless. */
export function webhookSecretOwner(endpointId: number): string {
  return `webhook:${endpointId}`;
}

export interface EndpointSecretRow extends SealedColumns {
  readonly id: number;
  readonly endpointId: number;
  readonly kind: "v1" | "v1a";
  /** Of v1a what whoever verifies needs. */
  readonly public: string | null;
  readonly createdMs: number;
  /** Null: until further notice. */
  readonly expiresMs: number | null;
  /** The request it was made by, where that had a name. */
  readonly requestUuid: string | null;
}

const columns = `id, endpoint_id as "endpointId", kind, key_id as "keyId", box, public, created_ms as "createdMs",
  expires_ms as "expiresMs", request_uuid as "requestUuid"`;

export async function insertEndpointSecret(
  db: Queryable,
  secret: Omit<EndpointSecretRow, "id" | "expiresMs">,
): Promise<void> {
  const { endpointId, kind, keyId, box, public: told, createdMs, requestUuid } = secret;
  await db.query(
    `insert into webhook_secret (endpoint_id, kind, key_id, box, public, created_ms, request_uuid)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [endpointId, kind, keyId, box, told, createdMs, requestUuid],
  );
}

/** Those that sign at `nowMs`, of these endpoints, the newest first. */
export async function readEndpointSecrets(
  db: Queryable,
  endpointIds: readonly number[],
  nowMs: number,
): Promise<EndpointSecretRow[]> {
  const { rows } = await db.query<EndpointSecretRow>({
    name: "read endpoint secrets",
    text: `select ${columns} from webhook_secret
           where endpoint_id = any($1::bigint[]) and (expires_ms is null or expires_ms > $2) order by id desc`,
    values: [endpointIds, nowMs],
  });
  return rows;
}

/**
 * Those of these kinds that have no end yet end then. What has ended before is taken away.
 * The row of the endpoint MUST be locked, so that two changes at once leave one that has no end.
 */
export async function expireEndpointSecrets(
  db: Queryable,
  endpointId: number,
  kinds: readonly string[],
  times: { readonly nowMs: number; readonly expiresMs: number },
): Promise<void> {
  await db.query("delete from webhook_secret where endpoint_id = $1 and expires_ms <= $2", [
    endpointId,
    times.nowMs,
  ]);
  await db.query(
    `update webhook_secret set expires_ms = $3
     where endpoint_id = $1 and kind = any($2::text[]) and (expires_ms is null or expires_ms > $3)`,
    [endpointId, kinds, times.expiresMs],
  );
}

/** Locks an endpoint for a change of its secrets, which counts as one. @returns whether there is one. */
export async function touchEndpoint(db: Queryable, ownerId: number, id: number): Promise<boolean> {
  const { rowCount } = await db.query(
    "update webhook_endpoint set version = version + 1 where owner_id = $1 and id = $2 and deleted_ms is null",
    [ownerId, id],
  );
  return rowCount === 1;
}

/**
 * Seals all that lies under another key than `keyId` anew; couriers read them again. In a transaction: all or none.
 * @returns how many.
 */
export async function rekeyEndpoints(
  db: Queryable,
  keyId: string,
  reseal: (secret: EndpointSecretRow) => SealedColumns,
): Promise<number> {
  const { rows } = await db.query<EndpointSecretRow>(
    `select ${columns} from webhook_secret where key_id <> $1 order by id for update`,
    [keyId],
  );
  for (const row of rows) {
    const { keyId, box } = reseal(row);
    await db.query("update webhook_secret set key_id = $2, box = $3 where id = $1", [row.id, keyId, box]);
  }
  await db.query("update webhook_endpoint set version = version + 1 where id = any($1::bigint[])", [
    [...new Set(rows.map(({ endpointId }) => endpointId))],
  ]);
  return rows.length;
}
