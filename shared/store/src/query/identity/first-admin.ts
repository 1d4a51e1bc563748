import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** The oldest administrator who may log in; null when there is none. */
export async function firstAdmin(db: Queryable): Promise<UserId | null> {
  const { rows } = await db.query<{ id: number }>({
    name: "first admin",
    text: "select id from users where role = 'admin' and not is_bot and disabled_ms is null order by id limit 1",
    values: [],
  });
  return rows[0]?.id ?? null;
}
