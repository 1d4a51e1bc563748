import type { SessionId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { SessionEnd } from "./session.ts";

/** Whose session it is, ended or not; null when there is none. */
export async function readSessionUser(db: Queryable, id: SessionId): Promise<UserId | null> {
  const { rows } = await db.query<{ userId: UserId }>(
    `select user_id as "userId" from session where id = $1`,
    [id],
  );
  return rows[0]?.userId ?? null;
}

/** Why a user's session ended; null while it lives, and when there is none. */
export async function readSessionEnd(
  db: Queryable,
  { id, userId }: { readonly id: SessionId; readonly userId: UserId },
): Promise<SessionEnd | null> {
  const { rows } = await db.query<{ reason: SessionEnd | null }>(
    "select end_reason as reason from session where id = $1 and user_id = $2",
    [id, userId],
  );
  return rows[0]?.reason ?? null;
}
