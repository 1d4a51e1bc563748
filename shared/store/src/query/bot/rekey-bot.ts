import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { botColumns, type BotRow, type SealedColumns } from "./bot.ts";

/** All living bots by id, whoever owns them. */
export async function listAllBots(db: Queryable): Promise<BotRow[]> {
  const { rows } = await db.query<BotRow>(
    `select ${botColumns} from bot b join users u on u.id = b.id where b.deleted_ms is null order by b.id`,
  );
  return rows;
}

/** Seals the headers of bots' services anew that lie under another key than `keyId`; in a transaction. @returns how many. */
export async function rekeyHeaders(
  db: Queryable,
  keyId: string,
  reseal: (row: { readonly botId: UserId; readonly sealed: SealedColumns }) => SealedColumns,
): Promise<number> {
  const { rows } = await db.query<{ botId: number; keyId: string; box: Buffer }>(
    `select bot_id as "botId", headers_key_id as "keyId", headers_box as box from bot_program
     where headers_key_id <> $1 and headers_box is not null order by bot_id for update`,
    [keyId],
  );
  for (const { botId, ...sealed } of rows) {
    const renewed = reseal({ botId, sealed });
    // Another version, so that couriers read it again.
    await db.query(
      "update bot_program set headers_key_id = $2, headers_box = $3, version = version + 1 where bot_id = $1",
      [botId, renewed.keyId, renewed.box],
    );
  }
  return rows.length;
}

export interface BotSecrets {
  readonly id: UserId;
  readonly token: SealedColumns;
  readonly secret: SealedColumns;
}

/**
 * Seals the secrets of all bots anew that lie under another key than `keyId`; in a transaction: all or none, and nobody changes
 * one meanwhile. The token of a deleted bot is wiped when Telegram has been told; what is empty stays so.
 * @returns how many.
 */
export async function rekeyBots(
  db: Queryable,
  keyId: string,
  reseal: (bot: BotSecrets) => Omit<BotSecrets, "id">,
): Promise<number> {
  const { rows } = await db.query<{
    id: number;
    tokenKeyId: string;
    tokenBox: Buffer;
    secretKeyId: string;
    secretBox: Buffer;
  }>(
    `select id, token_key_id as "tokenKeyId", token_box as "tokenBox", secret_key_id as "secretKeyId",
         secret_box as "secretBox"
       from bot where (token_key_id <> $1 or secret_key_id <> $1) and token_box <> '' order by id for update`,
    [keyId],
  );
  for (const { id, ...row } of rows) {
    const token = { keyId: row.tokenKeyId, box: row.tokenBox };
    const secret = { keyId: row.secretKeyId, box: row.secretBox };
    const sealed = reseal({ id, token, secret });
    await db.query(
      "update bot set token_key_id = $2, token_box = $3, secret_key_id = $4, secret_box = $5 where id = $1",
      [id, sealed.token.keyId, sealed.token.box, sealed.secret.keyId, sealed.secret.box],
    );
  }
  return rows.length;
}
