import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey } from "./account-key.ts";
import { type UserRow, userColumns } from "./user.ts";

/** Accounts in order of id, after `afterId`. */
export async function listUsers(
  db: Queryable,
  page: { readonly afterId: UserId; readonly limit: number },
): Promise<UserRow[]> {
  const sql = `select ${userColumns} from users where id > $1 order by id limit $2`;
  const { rows } = await db.query<UserRow>(sql, [page.afterId, page.limit]);
  return rows;
}

/** The account that an operator means by an id, a username or an email address, in this order. */
export async function findUser(db: Queryable, name: string): Promise<UserRow | null> {
  const id = /^\d{1,15}$/.test(name) ? Number(name) : null;
  const sql = `
    select ${userColumns} from users where id = $1 or username_key = $2 or email_key = $2
    order by (id = $1) desc nulls last, (username_key = $2) desc nulls last
    limit 1`;
  const { rows } = await db.query<UserRow>(sql, [id, accountKey(name)]);
  return rows[0] ?? null;
}
