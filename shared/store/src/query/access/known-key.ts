import type { KeyId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Those of `ids` that are keys in use, in no order. */
export async function knownKeyIds(db: Queryable, ids: readonly KeyId[]): Promise<KeyId[]> {
  const { rows } = await db.query<{ id: KeyId }>({
    name: "known keys",
    text: "select id from api_key where id = any($1::bigint[]) and revoked_ms is null",
    values: [ids],
  });
  return rows.map((row) => row.id);
}
