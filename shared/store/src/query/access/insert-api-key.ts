import { Fault, type UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type ApiKeyRow, apiKeyColumns } from "./api-key.ts";

/** Of one user, revoked ones that were not deleted included. */
const keysMax = 100;

export interface NewApiKeyRow {
  readonly userId: UserId;
  readonly prefix: string;
  readonly digest: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly rateLimit: number | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly requestUuid: string | null;
}

/**
 * Keeps a key, or finds the one that an earlier request of this name made.
 * @throws Fault `conflict` when the user has as many as there may be.
 */
export async function insertApiKey(
  db: Queryable,
  key: NewApiKeyRow,
): Promise<{ readonly row: ApiKeyRow; readonly created: boolean }> {
  const { rows } = await db.query<ApiKeyRow & { created: boolean }>({
    name: "insert api key",
    text: `with made as (
             insert into api_key (user_id, prefix, digest, name, scopes, rate_limit, created_ms, expires_ms, request_uuid)
             select $1, $2, $3, $4, $5::text[], $6, $7, $8, $9
             where (select count(*) from api_key where user_id = $1 and deleted_ms is null) < ${keysMax}
               or exists (select from api_key where user_id = $1 and request_uuid = $9)
             on conflict (user_id, request_uuid) do update set request_uuid = excluded.request_uuid
             returning *
           )
           select ${apiKeyColumns}, prefix = $2 as created from made`,
    values: [
      key.userId,
      key.prefix,
      key.digest,
      key.name,
      key.scopes,
      key.rateLimit,
      key.createdMs,
      key.expiresMs,
      key.requestUuid,
    ],
  });
  const [found] = rows;
  if (found === undefined)
    throw new Fault("conflict", `a user has at most ${keysMax} keys; delete some first`);
  const { created, ...row } = found;
  return { row, created };
}
