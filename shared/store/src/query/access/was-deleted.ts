import type { Queryable } from "../../pool.ts";

/** Whose it is, and when it ended. */
const columns = {
  api_key: ["user_id", "deleted_ms"],
  bot: ["owner_id", "deleted_ms"],
  session: ["user_id", "ended_ms"],
  webhook_endpoint: ["owner_id", "deleted_ms"],
} as const;

/** Whether one's own was there and is deleted: whoever asks for that again, under the name of the first request, has had it. */
export async function wasDeleted(
  db: Queryable,
  table: keyof typeof columns,
  key: { readonly id: number; readonly ownerId: number },
): Promise<boolean> {
  const [owner, end] = columns[table];
  const { rowCount } = await db.query(
    `select from ${table} where id = $1 and ${owner} = $2 and ${end} is not null`,
    [key.id, key.ownerId],
  );
  return rowCount === 1;
}
