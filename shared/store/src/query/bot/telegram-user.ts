import type { UserId } from "@rookery/protocol";
import { inTransaction, isUniqueViolation, type Queryable, type Store } from "../../pool.ts";
import { insertUser } from "../identity/insert-user.ts";
import { updateUser } from "../identity/update-user.ts";

/** An account of Telegram as it shows itself. */
export interface TelegramProfile {
  readonly telegramId: number;
  readonly isBot: boolean;
  readonly firstName: string;
  readonly lastName: string | null;
  readonly username: string | null;
  readonly language: string | null;
}

interface Known {
  readonly user_id: UserId;
  readonly account: string | null;
  readonly changed: boolean;
}

/**
 * The user an account of Telegram is here, made at first sight, from whichever bot and edge it is seen first.
 * A changed profile is written.
 */
export async function ensureTelegramUser(
  store: Store,
  profile: TelegramProfile,
  nowMs: number,
): Promise<UserId> {
  const known = await readKnown(store, profile);
  if (known !== undefined) {
    if (known.changed) await inTransaction(store, (db) => updateProfile(db, known, profile, nowMs));
    return known.user_id;
  }
  try {
    return await inTransaction(store, (db) => insertProfile(db, profile, nowMs));
  } catch (error) {
    if (!isUniqueViolation(error, "telegram_user_pkey")) throw error;
    // Another edge was first; its commit is what refused ours, so the row is there.
    const other = await readKnown(store, profile);
    if (other === undefined) throw error;
    return other.user_id;
  }
}

async function readKnown(db: Queryable, profile: TelegramProfile): Promise<Known | undefined> {
  const { rows } = await db.query<Known>({
    name: "read telegram user",
    text: `select t.user_id, u.username as account,
             (t.first_name, t.last_name, t.username, t.language)
               is distinct from ($2::text, $3::text, $4::text, $5::text) as changed
           from telegram_user t join users u on u.id = t.user_id where t.telegram_id = $1`,
    values: [profile.telegramId, profile.firstName, profile.lastName, profile.username, profile.language],
  });
  return rows[0];
}

async function insertProfile(db: Queryable, profile: TelegramProfile, nowMs: number): Promise<UserId> {
  const user = await insertUser(db, {
    username: null,
    email: null,
    displayName: displayNameOf(profile),
    passwordHash: null,
    role: "member",
    isBot: profile.isBot,
    createdMs: nowMs,
  });
  await db.query(
    `insert into telegram_user
       (telegram_id, user_id, first_name, last_name, username, language, created_ms, updated_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $7)`,
    [
      profile.telegramId,
      user.id,
      profile.firstName,
      profile.lastName,
      profile.username,
      profile.language,
      nowMs,
    ],
  );
  return user.id;
}

async function updateProfile(
  db: Queryable,
  known: Known,
  profile: TelegramProfile,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update telegram_user set first_name = $2, last_name = $3, username = $4, language = $5, updated_ms = $6
     where telegram_id = $1`,
    [profile.telegramId, profile.firstName, profile.lastName, profile.username, profile.language, nowMs],
  );
  await updateUser(db, known.user_id, { username: known.account, displayName: displayNameOf(profile) });
}

/** Deleted accounts have no name at all. */
function displayNameOf(profile: TelegramProfile): string {
  const name = [profile.firstName, profile.lastName].filter((part) => part !== null && part !== "").join(" ");
  return name || profile.username || "Telegram user";
}
