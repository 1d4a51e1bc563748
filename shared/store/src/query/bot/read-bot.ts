import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type BotRow, botColumns, type SealedColumns } from "./bot.ts";

const owned = `select ${botColumns} from bot b join users u on u.id = b.id
  where b.owner_id = $1 and b.deleted_ms is null`;

/** One bot of this owner; null when there is none, or it is another's. */
export async function readBot(db: Queryable, ownerId: UserId, id: UserId): Promise<BotRow | null> {
  const { rows } = await db.query<BotRow>(`${owned} and b.id = $2`, [ownerId, id]);
  return rows[0] ?? null;
}

/** The bots of an owner in id order after `after`. */
export async function listBots(
  db: Queryable,
  ownerId: UserId,
  page: { readonly after: number; readonly limit: number },
): Promise<BotRow[]> {
  const sql = `${owned} and b.id > $2 order by b.id limit $3`;
  const { rows } = await db.query<BotRow>(sql, [ownerId, page.after, page.limit]);
  return rows;
}

/** The bot an earlier request of the same name made, with its webhook secret; deleted or not. */
export async function readBotByRequest(
  db: Queryable,
  ownerId: UserId,
  requestUuid: string,
): Promise<{ bot: BotRow; secret: SealedColumns } | null> {
  const { rows } = await db.query<BotRow & { secret_key_id: string; secret_box: Buffer }>(
    `select ${botColumns}, b.secret_key_id, b.secret_box from bot b join users u on u.id = b.id
     where b.owner_id = $1 and b.request_uuid = $2`,
    [ownerId, requestUuid],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { secret_key_id: keyId, secret_box: box, ...bot } = row;
  return { bot, secret: { keyId, box } };
}

/** Whether there is one, whoever owns it. */
export async function isLivingBot(db: Queryable, id: UserId): Promise<boolean> {
  const { rowCount } = await db.query("select 1 from bot where id = $1 and deleted_ms is null", [id]);
  return rowCount === 1;
}
