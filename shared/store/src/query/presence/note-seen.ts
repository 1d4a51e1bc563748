import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** When users were last there, Unix ms. An older time than the one known changes nothing, whoever writes last. */
export async function noteSeen(
  db: Queryable,
  seen: readonly (readonly [userId: UserId, seenMs: number])[],
): Promise<void> {
  await db.query({
    name: "note seen",
    text: `update users u set last_seen_ms = seen.ms
           from unnest($1::bigint[], $2::bigint[]) as seen (id, ms)
           where u.id = seen.id and (u.last_seen_ms is null or u.last_seen_ms < seen.ms)`,
    values: [seen.map(([userId]) => userId), seen.map(([, seenMs]) => seenMs)],
  });
}
