import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { searchWords } from "./account-key.ts";
import { type UserRow, userColumns } from "./user.ts";

const sql = `
  select ${userColumns} from users
  where search @@ $1::text::tsquery and id > $2
  order by id
  limit $3`;

const bySpecialisation = `
  select ${userColumns} from users
  where specialisation = $1 and disabled_ms is null and id > $2
  order by id
  limit $3`;

/** Accounts of exactly this specialisation that somebody can log in to; in order of id, after `afterId`. */
export async function searchSpecialists(
  db: Queryable,
  specialisation: string,
  page: { readonly afterId: UserId; readonly limit: number },
): Promise<UserRow[]> {
  const { rows } = await db.query<UserRow>(bySpecialisation, [specialisation, page.afterId, page.limit]);
  return rows;
}

/**
 * Accounts whose username or display name has, for each word of `query`, a word that begins with it; in order of
 * id, after `afterId`. A query without a word finds nobody.
 */
export async function searchUsers(
  db: Queryable,
  query: string,
  page: { readonly afterId: UserId; readonly limit: number },
): Promise<UserRow[]> {
  // Words hold letters, digits and marks only, so that quoting them is all the escaping a tsquery needs.
  const prefixes = searchWords(query).map((word) => `'${word}':*`);
  if (prefixes.length === 0) return [];
  const { rows } = await db.query<UserRow>(sql, [prefixes.join(" & "), page.afterId, page.limit]);
  return rows;
}
