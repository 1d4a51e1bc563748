import type { KeyId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type ApiKeyRow, apiKeyColumns } from "./api-key.ts";

/** A user's keys in id order after `afterId`; `userId` null: everybody's. */
export async function listApiKeys(
  db: Queryable,
  userId: UserId | null,
  page: { readonly afterId: KeyId; readonly limit: number },
): Promise<ApiKeyRow[]> {
  const { rows } = await db.query<ApiKeyRow>({
    name: "list api keys",
    text: `select ${apiKeyColumns} from api_key
           where ($1::bigint is null or user_id = $1) and id > $2 and deleted_ms is null order by id limit $3`,
    values: [userId, page.afterId, page.limit],
  });
  return rows;
}

/** One of a user's keys, or null. */
export async function readApiKey(db: Queryable, userId: UserId, id: KeyId): Promise<ApiKeyRow | null> {
  const [row] = await listApiKeys(db, userId, { afterId: id - 1, limit: 1 });
  return row?.id === id ? row : null;
}

/** What a presented key is checked against. The digest goes nowhere but there. */
export interface ApiKeyProof extends ApiKeyRow {
  readonly digest: string;
  readonly role: string;
}

/** The key of that prefix, if neither it is revoked nor its user disabled. */
export async function readApiKeyProof(db: Queryable, prefix: string): Promise<ApiKeyProof | null> {
  const { rows } = await db.query<ApiKeyProof>({
    name: "read api key proof",
    text: `select ${apiKeyColumns}, digest, u.role
           from api_key join (select id as owner_id, role, disabled_ms from users) u on owner_id = user_id
           where prefix = $1 and revoked_ms is null and disabled_ms is null`,
    values: [prefix],
  });
  return rows[0] ?? null;
}
