import type { Queryable } from "../../pool.ts";
import { accountKey, searchWords } from "./account-key.ts";
import { userConflict } from "./user-conflict.ts";
import { type UserRole, type UserRow, userColumns } from "./user.ts";

const sql = `
  insert into users
    (username, username_key, email, email_key, display_name, search, password_hash, role, is_bot, created_ms, request_uuid,
    language)
  values ($1, $2, $3, $4, $5, array_to_tsvector($6::text[]), $7, $8, $9, $10, $11, $12)
  returning ${userColumns}`;

export interface NewUser {
  readonly username: string | null;
  readonly email: string | null;
  readonly displayName: string;
  readonly passwordHash: string | null;
  readonly role: UserRole;
  readonly isBot: boolean;
  readonly createdMs: number;
  readonly language?: string | null;
  /** The `Idempotency-Key` of the request, by which its repeat is known. */
  readonly requestUuid?: string | undefined;
}

/** Makes an account. @throws Fault `email_taken` or `username_taken`. */
export async function insertUser(db: Queryable, user: NewUser): Promise<UserRow> {
  const { username, email, displayName } = user;
  try {
    const { rows } = await db.query<UserRow>(sql, [
      username,
      username === null ? null : accountKey(username),
      email,
      email === null ? null : accountKey(email),
      displayName,
      searchWords(username, displayName),
      user.passwordHash,
      user.role,
      user.isBot,
      user.createdMs,
      user.requestUuid ?? null,
      user.language ?? null,
    ]);
    const [row] = rows;
    if (row === undefined) throw new Error("an insert returned no row");
    return row;
  } catch (error) {
    throw userConflict(error);
  }
}
