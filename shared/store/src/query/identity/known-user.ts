import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = "select id from users where id = any($1::bigint[])";

/** Those of `ids` that are somebody's, in no order. */
export async function knownUserIds(db: Queryable, ids: readonly UserId[]): Promise<UserId[]> {
  const { rows } = await db.query<{ id: UserId }>(sql, [ids]);
  return rows.map((row) => row.id);
}
