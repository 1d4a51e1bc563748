import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** An account that was made to own a bot: nobody can log in to it, here or by Telegram. */
const nobody = `select u.id from users u where u.id = b.owner_id and u.role = 'member' and not u.is_bot and u.username is null
  and u.email is null and u.password_hash is null and not exists (select from telegram_user t where t.user_id = u.id)`;

/** Gives a bot that is nobody's to somebody. @returns whether it is somebody's now, or was. */
export async function adoptBot(db: Queryable, botId: UserId, ownerId: UserId | null): Promise<boolean> {
  if (ownerId !== null) {
    const text = `update bot b set owner_id = $2 where b.id = $1 and b.deleted_ms is null and exists (${nobody})`;
    await db.query({ name: "adopt bot", text, values: [botId, ownerId] });
  }
  const { rows } = await db.query<{ owned: boolean }>({
    name: "bot is somebody's",
    text: `select not exists (${nobody}) as owned from bot b where b.id = $1`,
    values: [botId],
  });
  return rows[0]?.owned ?? true;
}
