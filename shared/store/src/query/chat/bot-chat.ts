import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import { type Reader, readingRule } from "./acl.ts";

const rule = readingRule("$1", "$2");

/** Of these bots, those the user owns. */
export async function ownBots(db: Queryable, userId: UserId, botIds: readonly UserId[]): Promise<UserId[]> {
  const { rows } = await db.query<{ id: number }>({
    name: "own bots",
    text: "select id from bot where owner_id = $1 and deleted_ms is null and id = any($2::bigint[])",
    values: [userId, botIds],
  });
  return rows.map(({ id }) => id);
}

/** The Telegram chats of these bots that the user, who owns the bots, is in and may read, and the rev they are in them at. */
export async function botChatRevs(
  db: Queryable,
  { userId, keyId }: Reader,
  botIds: readonly UserId[],
): Promise<{ readonly id: number; readonly rev: number }[]> {
  const { rows } = await db.query<{ id: number; rev: number }>({
    name: "bot chat revs",
    text: `select c.id, c.rev from member m
             join chat c on c.id = m.chat_id
             join bot b on b.id = (c.telegram ->> 'botId')::bigint
             ${rule.joins}
           where m.user_id = $1 and m.left_ms is null and c.deleted_ms is null and c.type = 'telegram'
             and b.id = any($3::bigint[]) and b.owner_id = $1 and b.deleted_ms is null and ${rule.mayRead}`,
    values: [userId, keyId, botIds],
  });
  return rows;
}
