import type { KeyId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const sql = `
  update api_key set revoked_ms = $2 where user_id = $1 and revoked_ms is null returning id`;

/** Revokes all keys of a user, for good. @returns which. */
export async function endKeysOfUser(db: Queryable, userId: UserId, nowMs: number): Promise<KeyId[]> {
  const { rows } = await db.query<{ id: KeyId }>(sql, [userId, nowMs]);
  return rows.map(({ id }) => id);
}
