/** Bots of our own, for which programs speak by the Bot API surface. */
import { Fault, type UserId } from "@rookery/protocol";
import { isUniqueViolation, type Queryable } from "../../pool.ts";
import { accountKey } from "../identity/account-key.ts";
import type { SealedColumns } from "./bot.ts";

export interface NewNativeBot {
  /** Of the row in `users` that was made for it in the same transaction. */
  readonly id: UserId;
  readonly ownerId: UserId;
  readonly username: string;
  readonly token: SealedColumns;
  readonly tokenDigest: Buffer;
  /** A place for the secret of the bot's own webhook; nobody knows what it begins with. */
  readonly secret: SealedColumns;
  readonly secretDigest: Buffer;
  readonly requestUuid: string | null;
  readonly createdMs: number;
}

const insertSql = `
  with made as (
    insert into bot (id, owner_id, username, username_key, mode, token_key_id, token_box, secret_key_id, secret_box,
      secret_digest, request_uuid, created_ms, webhook_status)
    values ($1, $2, $3, $4, 'native', $5, $6, $7, $8, $9, $10, $11, 'off') returning id)
  insert into native_bot (bot_id, token_digest) values ($1, $12)`;

/**
 * In a transaction, as it changes facts.
 * @throws Fault `username_taken`, `conflict` when the request's name was used a moment ago.
 */
export async function insertNativeBot(db: Queryable, bot: NewNativeBot): Promise<void> {
  try {
    await db.query(insertSql, [
      bot.id,
      bot.ownerId,
      bot.username,
      accountKey(bot.username),
      bot.token.keyId,
      bot.token.box,
      bot.secret.keyId,
      bot.secret.box,
      bot.secretDigest,
      bot.requestUuid,
      bot.createdMs,
      bot.tokenDigest,
    ]);
    await db.query("select next_fact_version()");
  } catch (error) {
    if (isUniqueViolation(error, "bot_by_username")) throw new Fault("username_taken");
    if (isUniqueViolation(error, "bot_owner_id_request_uuid_key")) throw new Fault("conflict");
    throw error;
  }
}

/** A bot as the Bot API surface meets it. */
export interface NativeBot {
  readonly id: UserId;
  readonly ownerId: UserId;
  readonly username: string;
  readonly displayName: string;
  readonly privacyMode: boolean;
  /** Null: the default set. */
  readonly allowedUpdates: readonly string[] | null;
}

const columns = `n.bot_id as id, b.owner_id as "ownerId", b.username, u.display_name as "displayName",
  n.privacy_mode as "privacyMode", n.allowed_updates as "allowedUpdates"`;
const living = `native_bot n join bot b on b.id = n.bot_id and b.deleted_ms is null join users u on u.id = n.bot_id
  and u.disabled_ms is null`;

/** Whose tokens they are, by their digests in hexadecimal; left out: nobody's. */
export async function readNativeBotsByToken(
  db: Queryable,
  tokenDigests: readonly Buffer[],
): Promise<ReadonlyMap<string, NativeBot>> {
  const { rows } = await db.query<NativeBot & { digest: string }>({
    name: "read native bots by token",
    text: `select encode(n.token_digest, 'hex') as digest, ${columns} from ${living} where n.token_digest = any($1::bytea[])`,
    values: [tokenDigests],
  });
  return new Map(rows.map(({ digest, ...bot }) => [digest, bot]));
}

export async function readNativeBot(db: Queryable, botId: UserId): Promise<NativeBot | null> {
  const { rows } = await db.query<NativeBot>({
    name: "read native bot",
    text: `select ${columns} from ${living} where n.bot_id = $1`,
    values: [botId],
  });
  return rows[0] ?? null;
}

/** The sealed token that an earlier request made; empty when the bot is gone. */
export async function readSealedToken(db: Queryable, botId: UserId): Promise<SealedColumns | null> {
  const { rows } = await db.query<SealedColumns>(
    `select token_key_id as "keyId", token_box as box from bot where id = $1 and deleted_ms is null`,
    [botId],
  );
  return rows[0] ?? null;
}

/** Gives a bot another token; the old one is nobody's from then on. False when the owner has no such bot. */
export async function changeBotToken(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
  token: { readonly sealed: SealedColumns; readonly digest: Buffer },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with changed as (
       update bot set token_key_id = $3, token_box = $4
       where id = $1 and owner_id = $2 and deleted_ms is null and mode = 'native' returning id)
     update native_bot n set token_digest = $5 from changed c where n.bot_id = c.id`,
    [key.id, key.ownerId, token.sealed.keyId, token.sealed.box, token.digest],
  );
  return rowCount === 1;
}

/** In a transaction, as it changes facts. False when there is no such bot. */
export async function setPrivacyMode(db: Queryable, botId: UserId, privacyMode: boolean): Promise<boolean> {
  const { rowCount } = await db.query("update native_bot set privacy_mode = $2 where bot_id = $1", [
    botId,
    privacyMode,
  ]);
  if (rowCount === 1) await db.query("select next_fact_version()");
  return rowCount === 1;
}

/** Whether two users are in a chat together, now. */
export async function shareChat(db: Queryable, one: UserId, other: UserId): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "share chat",
    text: `select 1 from member a join member b on b.chat_id = a.chat_id and b.user_id = $2 and b.left_ms is null
           where a.user_id = $1 and a.left_ms is null limit 1`,
    values: [one, other],
  });
  return rowCount === 1;
}
