import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey } from "./account-key.ts";
import { type UserRow, userColumns } from "./user.ts";

/** An account and what its password is checked against. The hash goes nowhere but there. */
export interface Credential extends UserRow {
  readonly passwordHash: string | null;
  /** The `Idempotency-Key` that the account was made under. */
  readonly requestUuid: string | null;
}

/** How a person names an account when logging in. */
export type Login =
  | { readonly kind: "email"; readonly email: string }
  | { readonly kind: "username"; readonly username: string }
  | { readonly kind: "id"; readonly id: UserId };

const select = `select ${userColumns}, password_hash as "passwordHash", request_uuid as "requestUuid" from users where`;
const sql = {
  email: `${select} email_key = $1`,
  username: `${select} username_key = $1`,
  id: `${select} id = $1`,
};

/** The account of a login, in whatever case and form its name is written. */
export async function readCredential(db: Queryable, login: Login): Promise<Credential | null> {
  const { rows } = await db.query<Credential>(sql[login.kind], [keyOf(login)]);
  return rows[0] ?? null;
}

function keyOf(login: Login): string | number {
  if (login.kind === "id") return login.id;
  return accountKey(login.kind === "email" ? login.email : login.username);
}
