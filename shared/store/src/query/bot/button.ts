import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** Buttons about an entity work no more, wherever they stand. @returns how many; null when the owner has no such bot. */
export async function invalidateButtons(
  db: Queryable,
  bot: { readonly id: UserId; readonly ownerId: UserId },
  entity: string,
): Promise<number | null> {
  const { rows } = await db.query<{ count: number }>({
    name: "invalidate buttons",
    text: `with owned as (select id from bot where id = $1 and owner_id = $2 and deleted_ms is null),
             gone as (delete from callback_token t using owned where t.bot_id = owned.id and t.entity = $3 returning 1)
           select (select count(*) from gone) as count from owned`,
    values: [bot.id, bot.ownerId, entity],
  });
  return rows[0]?.count ?? null;
}
