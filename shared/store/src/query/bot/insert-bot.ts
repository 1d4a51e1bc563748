import { Fault, type UserId } from "@rookery/protocol";
import { isUniqueViolation, type Queryable } from "../../pool.ts";
import { accountKey } from "../identity/account-key.ts";
import type { BotMode, SealedColumns } from "./bot.ts";

const sql = `
  insert into bot (id, owner_id, username, username_key, mode, token_key_id, token_box, secret_key_id, secret_box,
    secret_digest, request_uuid, created_ms, next_attempt_ms,
    request_id)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)`;

export interface NewBot {
  /** Of the row in `users` that was made for it in the same transaction. */
  readonly id: UserId;
  readonly ownerId: UserId;
  readonly username: string;
  readonly mode: Exclude<BotMode, "native">;
  readonly token: SealedColumns;
  readonly secret: SealedColumns;
  readonly secretDigest: Buffer;
  readonly requestUuid: string | null;
  readonly createdMs: number;
  /** Of the request, for the logs. */
  readonly requestId?: string | undefined;
}

/**
 * Makes a Telegram bot; Telegram is to be told at once.
 * @throws Fault `username_taken`, `conflict` when the request's name was used a moment ago.
 */
export async function insertBot(db: Queryable, bot: NewBot): Promise<void> {
  try {
    await db.query(sql, [
      bot.id,
      bot.ownerId,
      bot.username,
      accountKey(bot.username),
      bot.mode,
      bot.token.keyId,
      bot.token.box,
      bot.secret.keyId,
      bot.secret.box,
      bot.secretDigest,
      bot.requestUuid,
      bot.createdMs,
      bot.requestId ?? null,
    ]);
  } catch (error) {
    if (isUniqueViolation(error, "bot_by_username")) throw new Fault("username_taken");
    if (isUniqueViolation(error, "bot_owner_id_request_uuid_key")) throw new Fault("conflict");
    throw error;
  }
}
