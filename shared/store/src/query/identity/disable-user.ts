import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = `
  update users set disabled_ms = $2
  where id = $1 and (disabled_ms is null) <> ($2::bigint is null)`;

/** Shuts an account since `disabledMs`, or opens it again (null). False when it is so already, or nobody's. */
export async function setUserDisabled(
  db: Queryable,
  id: UserId,
  disabledMs: number | null,
): Promise<boolean> {
  const { rowCount } = await db.query(sql, [id, disabledMs]);
  return rowCount === 1;
}
