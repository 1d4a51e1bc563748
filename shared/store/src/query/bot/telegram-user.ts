import type { UserId } from "@rookery/protocol";
import { inTransaction, isUniqueViolation, type Queryable, type Store } from "../../pool.ts";
import { audit } from "../audit/audit.ts";
import { endSessions } from "../identity/end-session.ts";
import { insertUser } from "../identity/insert-user.ts";
import { lockUser } from "../identity/read-user.ts";
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

/** By whose bot an account is seen, and when. */
export interface TelegramSighting {
  readonly ownerId: UserId;
  readonly nowMs: number;
}

interface Known extends Pick<TelegramProfile, "firstName" | "lastName" | "username"> {
  readonly userId: UserId;
  readonly changed: boolean;
  /** The owner of the bots by which alone it is known so far. */
  readonly vouchedBy: UserId | null;
}

/**
 * The user an account of Telegram is here, made at first sight, from whichever bot and edge it is seen first.
 * A changed profile is written; the account follows its name as long as it has no other one. `ownerId` owns the bot by
 * which it is seen: the bot of a second owner takes from the first one's what it might have signed for by itself.
 */
export async function ensureTelegramUser(
  store: Store,
  profile: TelegramProfile,
  { ownerId, nowMs }: TelegramSighting,
): Promise<UserId> {
  const known = await readKnown(store, profile);
  if (known !== undefined) {
    if (known.changed) await inTransaction(store, (db) => updateProfile(db, known, profile, nowMs));
    if (known.vouchedBy !== null && known.vouchedBy !== ownerId) {
      await inTransaction(store, (db) => withdrawVoucher(db, { ...profile, ...known }, nowMs));
    }
    return known.userId;
  }
  try {
    return await inTransaction(store, (db) => insertProfile(db, profile, { ownerId, nowMs }));
  } catch (error) {
    if (!isUniqueViolation(error, "telegram_user_pkey")) throw error;
    // Another edge was first; its commit is what refused ours, so the row is there.
    const other = await readKnown(store, profile);
    if (other === undefined) throw error;
    return other.userId;
  }
}

async function readKnown(db: Queryable, profile: TelegramProfile): Promise<Known | undefined> {
  const { rows } = await db.query<Known>({
    name: "read telegram user",
    text: `select t.user_id as "userId", t.first_name as "firstName", t.last_name as "lastName", t.username,
             t.vouched_by as "vouchedBy", (t.first_name, t.last_name, t.username, t.language)
               is distinct from ($2::text, $3::text, $4::text, $5::text) as changed
           from telegram_user t where t.telegram_id = $1`,
    values: [profile.telegramId, profile.firstName, profile.lastName, profile.username, profile.language],
  });
  return rows[0];
}

async function insertProfile(
  db: Queryable,
  profile: TelegramProfile,
  { ownerId, nowMs }: TelegramSighting,
): Promise<UserId> {
  const user = await insertUser(db, {
    username: null,
    email: null,
    displayName: displayNameOf(profile),
    passwordHash: null,
    role: "member",
    isBot: profile.isBot,
    createdMs: nowMs,
    language: profile.language,
  });
  await db.query(
    `insert into telegram_user
       (telegram_id, user_id, first_name, last_name, username, language, created_ms, updated_ms, vouched_by)
     values ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
    [
      profile.telegramId,
      user.id,
      profile.firstName,
      profile.lastName,
      profile.username,
      profile.language,
      nowMs,
      ownerId,
    ],
  );
  return user.id;
}

/**
 * The account is known by another owner's bot too. What the first one's may have opened in its name ends, unless that
 * owner is an administrator, whose bots are believed anyway.
 */
async function withdrawVoucher(
  db: Queryable,
  { telegramId, userId, vouchedBy }: Pick<Known, "userId" | "vouchedBy"> & { readonly telegramId: number },
  nowMs: number,
): Promise<void> {
  const { rowCount } = await db.query(
    `with withdrawn as (
       update telegram_user set vouched_by = null where telegram_id = $1 and vouched_by = $2 returning vouched_by)
     select 1 from withdrawn, users where users.id = $2 and users.role <> 'admin'`,
    [telegramId, vouchedBy],
  );
  if (rowCount === 0) return;
  const ended = await endSessions(db, userId, null, { nowMs, reason: "revoked" });
  if (ended.length === 0) return;
  const detail = { reason: "telegram_voucher", count: ended.length };
  await audit(db, { kind: "sessions_revoked", atMs: nowMs, userId, detail });
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
  const user = await lockUser(db, known.userId);
  if (user === null || user.displayName !== displayNameOf(known)) return;
  await updateUser(db, known.userId, { username: user.username, displayName: displayNameOf(profile) });
}

/** Deleted accounts have no name at all. */
function displayNameOf(profile: Pick<TelegramProfile, "firstName" | "lastName" | "username">): string {
  const name = [profile.firstName, profile.lastName].filter((part) => part !== null && part !== "").join(" ");
  return name || profile.username || "Telegram user";
}
