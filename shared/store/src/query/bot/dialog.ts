/** The dialogues of a bot, as their author wrote them. */
import type { UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

const readSql = `select coalesce(d.book, '{}') as book from bot b left join bot_dialog d on d.bot_id = b.id
  where b.id = $1 and b.owner_id = $2 and b.deleted_ms is null`;

/** Of a bot of this owner's, `{}` where there are none; null when there is no such bot. */
export async function readDialogs(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
): Promise<object | null> {
  const values = [key.id, key.ownerId];
  const { rows } = await db.query<{ book: object }>({ name: "read bot dialogs", text: readSql, values });
  return rows[0]?.book ?? null;
}

/** The bot is routed as long as anything here answers, and Telegram is told of its commands anew. */
const writeSql = `with owned as (
    update bot set routed = $5
      or exists (select from bot_program p where p.bot_id = $1 and p.routes::text <> '{}')
    where id = $1 and owner_id = $2 and deleted_ms is null returning id),
  program as (
    insert into bot_program (bot_id, commands_status, next_attempt_ms) select id, 'pending', $4 from owned
    on conflict (bot_id) do update set version = bot_program.version + 1, commands_status = 'pending',
      commands_error = null, attempts = 0, next_attempt_ms = excluded.next_attempt_ms)
  insert into bot_dialog (bot_id, book, updated_ms) select id, $3, $4 from owned
  on conflict (bot_id) do update set book = excluded.book, updated_ms = excluded.updated_ms`;

/** In place of those there are. False when the owner has no such bot. */
export async function writeDialogs(
  db: Queryable,
  key: { readonly id: UserId; readonly ownerId: UserId },
  book: object,
  nowMs: number,
): Promise<boolean> {
  const hasAny = Object.keys(book).length > 0;
  const values = [key.id, key.ownerId, JSON.stringify(book), nowMs, hasAny];
  const { rowCount } = await db.query({ name: "write bot dialogs", text: writeSql, values });
  return rowCount === 1;
}
