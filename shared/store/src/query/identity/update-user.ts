import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey, searchWords } from "./account-key.ts";
import { userConflict } from "./user-conflict.ts";
import { type UserRow, userColumns } from "./user.ts";

const sql = `
  update users set username = $2, username_key = $3, display_name = $4, search = array_to_tsvector($5::text[])
  where id = $1
  returning ${userColumns}`;

/** Writes the names of an account whole. @throws Fault `username_taken`. */
export async function updateUser(
  db: Queryable,
  id: UserId,
  { username, displayName }: Pick<UserRow, "username" | "displayName">,
): Promise<UserRow | null> {
  try {
    const key = username === null ? null : accountKey(username);
    const words = searchWords(username, displayName);
    const { rows } = await db.query<UserRow>(sql, [id, username, key, displayName, words]);
    return rows[0] ?? null;
  } catch (error) {
    throw userConflict(error);
  }
}
