import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type UserRow, userColumns } from "./user.ts";

const sql = `update users set language = $2, specialisation = $3 where id = $1 returning ${userColumns}`;

/** Writes what services go by when they deal with somebody. */
export async function setTraits(
  db: Queryable,
  id: UserId,
  { language, specialisation }: Pick<UserRow, "language" | "specialisation">,
): Promise<UserRow | null> {
  const { rows } = await db.query<UserRow>(sql, [id, language, specialisation]);
  return rows[0] ?? null;
}
