import { Fault, type UserId } from "@rookery/protocol";
import { isUniqueViolation, type Queryable } from "../../pool.ts";
import type { TelegramProfile } from "../bot/telegram-user.ts";

/** Swept with each login, so that the table stays as large as a day's logins. */
const sweptMax = 100;

const useSql = `
  with swept as (
    delete from telegram_login where digest in (
      select digest from telegram_login where expires_ms <= $3 limit ${sweptMax} for update skip locked)
  )
  insert into telegram_login (digest, expires_ms) values ($1, $2) on conflict do nothing`;

/** Remembers a proof of Telegram until it is too old to be one. False when it was used before. */
export async function takeTelegramLogin(
  db: Queryable,
  proof: { readonly digest: Buffer; readonly expiresMs: number },
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(useSql, [proof.digest, proof.expiresMs, nowMs]);
  return rowCount === 1;
}

/** Whose account it is and who alone vouched for it; null when it was never seen. */
export async function readTelegramAccount(
  db: Queryable,
  telegramId: number,
): Promise<{ readonly userId: UserId; readonly vouchedBy: UserId | null } | null> {
  const { rows } = await db.query<{ userId: UserId; vouchedBy: UserId | null }>({
    name: "read telegram account",
    text: `select user_id as "userId", vouched_by as "vouchedBy" from telegram_user where telegram_id = $1`,
    values: [telegramId],
  });
  return rows[0] ?? null;
}

/** Makes a Telegram account one of an existing user. @throws Fault `conflict` when either belongs to another already. */
export async function linkTelegramAccount(
  db: Queryable,
  userId: UserId,
  profile: TelegramProfile,
  nowMs: number,
): Promise<void> {
  try {
    await db.query(
      `insert into telegram_user
         (telegram_id, user_id, first_name, last_name, username, language, created_ms, updated_ms)
       values ($1, $2, $3, $4, $5, $6, $7, $7)`,
      [
        profile.telegramId,
        userId,
        profile.firstName,
        profile.lastName,
        profile.username,
        profile.language,
        nowMs,
      ],
    );
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new Fault("conflict", "this Telegram account, or this user, is linked to another already");
  }
}
