import type { ChangeFrame } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** The changes of a chat with `after < rev <= upTo`, in rev order, at most `limit`. */
export async function readChanges(
  db: Queryable,
  chatId: number,
  range: { readonly after: number; readonly upTo?: number; readonly limit: number },
): Promise<ChangeFrame[]> {
  const { rows } = await db.query<{ frame: ChangeFrame }>({
    name: "read changes",
    text: "select frame from change where chat_id = $1 and rev > $2 and rev <= $3 order by rev limit $4",
    values: [chatId, range.after, range.upTo ?? Number.MAX_SAFE_INTEGER, range.limit],
  });
  return rows.map((row) => row.frame);
}

/** A user joined or left a chat; numbered by the user's own rev. */
export interface FeedChange {
  readonly rev: number;
  readonly chatId: number;
  readonly added: boolean;
}

/** The changes of a user's list of chats with `after < rev`, in rev order, at most `limit`. */
export async function readFeed(
  db: Queryable,
  userId: number,
  range: { readonly after: number; readonly limit: number },
): Promise<FeedChange[]> {
  const { rows } = await db.query<FeedChange>({
    name: "read feed",
    text: `select rev, chat_id as "chatId", added from user_change
           where user_id = $1 and rev > $2 order by rev limit $3`,
    values: [userId, range.after, range.limit],
  });
  return rows;
}

/** Where users' feeds stand; users without a change stand at 0 and are left out. */
export async function readFeedHeads(
  db: Queryable,
  userIds: readonly number[],
): Promise<{ id: number; rev: number }[]> {
  const { rows } = await db.query<{ id: number; rev: number }>({
    name: "read feed heads",
    text: "select user_id as id, rev from user_feed where user_id = any($1::bigint[])",
    values: [userIds],
  });
  return rows;
}
