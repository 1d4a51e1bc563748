import type { Queryable } from "../../pool.ts";

const owners = { api_key: "user_id", bot: "owner_id", webhook_endpoint: "owner_id" } as const;

/** Whether one's own was there and is deleted: whoever asks for that again, under the name of the first request, has had it. */
export async function wasDeleted(
  db: Queryable,
  table: keyof typeof owners,
  key: { readonly id: number; readonly ownerId: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from ${table} where id = $1 and ${owners[table]} = $2 and deleted_ms is not null`,
    [key.id, key.ownerId],
  );
  return rowCount === 1;
}
