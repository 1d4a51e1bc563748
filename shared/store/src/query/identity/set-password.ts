import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = `update users set password_hash = $2 where id = $1 and password_hash is not distinct from $3`;

/** Replaces a password's hash; false when another request was quicker. */
export async function setPassword(
  db: Queryable,
  id: UserId,
  hash: { readonly old: string | null; readonly new: string },
): Promise<boolean> {
  const { rowCount } = await db.query(sql, [id, hash.new, hash.old]);
  return rowCount === 1;
}
