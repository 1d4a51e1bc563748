import type { Queryable } from "../../pool.ts";
import { type UserRow, userColumns } from "./user.ts";

const sql = `select ${userColumns} from users where id = (select user_id from telegram_user where telegram_id = $1)`;

/** Who a Telegram account is here, if it was ever seen. */
export async function readUserByTelegramId(db: Queryable, telegramId: number): Promise<UserRow | null> {
  const { rows } = await db.query<UserRow>(sql, [telegramId]);
  return rows[0] ?? null;
}
