import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Somebody whose presence another may watch. */
export interface Watchable {
  readonly watcherId: UserId;
  readonly userId: UserId;
  readonly lastSeenMs: number | null;
}

/**
 * Of these pairs of (watcher, watched) those that are allowed: people who share a chat, everybody to themselves and to
 * admins. Users that do not exist are watched by nobody.
 */
export async function watchablePairs(
  db: Queryable,
  pairs: readonly (readonly [watcherId: UserId, userId: UserId])[],
): Promise<Watchable[]> {
  const { rows } = await db.query<Watchable>({
    name: "watchable pairs",
    text: `select asked.watcher as "watcherId", u.id as "userId", u.last_seen_ms as "lastSeenMs"
           from unnest($1::bigint[], $2::bigint[]) as asked (watcher, watched)
             join users u on u.id = asked.watched
           where asked.watcher = asked.watched
             or exists (select from users a where a.id = asked.watcher and a.role = 'admin')
             or exists (select from member mine
               join member theirs on theirs.chat_id = mine.chat_id
               join chat c on c.id = mine.chat_id
               where mine.user_id = asked.watcher and mine.left_ms is null
                 and theirs.user_id = asked.watched and theirs.left_ms is null and c.deleted_ms is null)`,
    values: [pairs.map(([watcherId]) => watcherId), pairs.map(([, userId]) => userId)],
  });
  return rows;
}
