import type { KeyId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Notes when keys were last used, many at once; of several edges' words the latest stays. */
export async function touchApiKeys(db: Queryable, lastUsedMs: ReadonlyMap<KeyId, number>): Promise<void> {
  await db.query({
    name: "touch api keys",
    text: `update api_key k set last_used_ms = u.at
           from unnest($1::bigint[], $2::bigint[]) as u(id, at)
           where k.id = u.id and k.last_used_ms is distinct from greatest(k.last_used_ms, u.at)`,
    values: [[...lastUsedMs.keys()], [...lastUsedMs.values()]],
  });
}
