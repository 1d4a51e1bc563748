import type { KeyId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** What an edge may not have heard of. */
export interface Revoked {
  readonly accessVersion: number;
  readonly keyIds: readonly KeyId[];
}

/** How often rights were changed so far, and what was revoked since; one query for all. */
export async function readRevoked(db: Queryable, sinceMs: number): Promise<Revoked> {
  const { rows } = await db.query<Revoked>({
    name: "read revoked",
    text: `select (select version from access_version) as "accessVersion",
             (select coalesce(jsonb_agg(id), '[]') from api_key where revoked_ms >= $1) as "keyIds"`,
    values: [sinceMs],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("a select of one row returned none");
  return row;
}
