import type { SessionId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Whose session it is, ended or not; null when there is none. */
export async function readSessionUser(db: Queryable, id: SessionId): Promise<UserId | null> {
  const { rows } = await db.query<{ userId: UserId }>(
    `select user_id as "userId" from session where id = $1`,
    [id],
  );
  return rows[0]?.userId ?? null;
}
