import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type UserRow, userColumns } from "./user.ts";

const sql = `select ${userColumns} from users where id = $1`;

export async function readUser(db: Queryable, id: UserId): Promise<UserRow | null> {
  const { rows } = await db.query<UserRow>(sql, [id]);
  return rows[0] ?? null;
}

/** As `readUser`; nobody else changes the row until the transaction ends. */
export async function lockUser(db: Queryable, id: UserId): Promise<UserRow | null> {
  const { rows } = await db.query<UserRow>(`${sql} for no key update`, [id]);
  return rows[0] ?? null;
}
