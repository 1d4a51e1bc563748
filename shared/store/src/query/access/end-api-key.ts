import type { KeyId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type ApiKeyRow, apiKeyColumns } from "./api-key.ts";

interface End {
  readonly id: KeyId;
  /** Null: whosever it is. */
  readonly userId: UserId | null;
  readonly nowMs: number;
  /** Nobody sees it any more. */
  readonly isDeleted: boolean;
}

/** Revokes a key, for good; one that is revoked stays as it was. Null when there is no such key. */
export async function endApiKey(
  db: Queryable,
  { id, userId, nowMs, isDeleted }: End,
): Promise<ApiKeyRow | null> {
  const { rows } = await db.query<ApiKeyRow>({
    name: "end api key",
    text: `update api_key set revoked_ms = coalesce(revoked_ms, $3::bigint),
             deleted_ms = case when $4::boolean then $3::bigint end
           where id = $1 and ($2::bigint is null or user_id = $2) and deleted_ms is null
           returning ${apiKeyColumns}`,
    values: [id, userId, nowMs, isDeleted],
  });
  return rows[0] ?? null;
}
