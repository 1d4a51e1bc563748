import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { accountKey } from "../identity/account-key.ts";
import type { UserRole } from "../identity/user.ts";
import type { SealedColumns } from "./bot.ts";

/** A Telegram bot as whoever checks its signature needs it. */
export interface BotVoucher {
  readonly botId: UserId;
  readonly ownerId: UserId;
  readonly ownerRole: UserRole;
  readonly token: SealedColumns;
}

interface VoucherRow extends Omit<BotVoucher, "token"> {
  readonly keyId: string;
  readonly box: Buffer;
}

const sql = `
  select b.id as "botId", b.owner_id as "ownerId", o.role as "ownerRole", b.token_key_id as "keyId", b.token_box as box
  from bot b join users o on o.id = b.owner_id
  where b.deleted_ms is null and b.mode <> 'native' and ($1::text is null or b.username_key = $1)
  limit 2`;

/** The Telegram bot of a username, or the only one there is when none is named; else null. */
export async function readBotVoucher(db: Queryable, username: string | null): Promise<BotVoucher | null> {
  const { rows } = await db.query<VoucherRow>({
    name: "read bot voucher",
    text: sql,
    values: [username === null ? null : accountKey(username)],
  });
  const [row, another] = rows;
  if (row === undefined || another !== undefined) return null;
  const { keyId, box, ...rest } = row;
  return { ...rest, token: { keyId, box } };
}
