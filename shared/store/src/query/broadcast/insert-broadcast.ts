/** A new broadcast, and the chats it goes to: within one transaction of its maker. */
import type { ChatId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface NewBroadcast {
  readonly botId: UserId;
  readonly command: object;
  readonly requestUuid: string | null;
  readonly createdMs: number;
  /** Of the request, for the logs. */
  readonly requestId?: string;
}

/** Its id; null when this request made one before. It has no targets yet, so it counts as done until `startBroadcast`. */
export async function insertBroadcast(db: Queryable, made: NewBroadcast): Promise<number | null> {
  const { rows } = await db.query<{ id: number }>({
    name: "insert broadcast",
    text: `insert into broadcast (bot_id, command, request_uuid, state, total, settled, created_ms, done_ms,
             request_id)
           values ($1, $2, $3, 'done', 0, true, $4, $4, $5) on conflict (bot_id, request_uuid) do nothing returning id`,
    values: [
      made.botId,
      JSON.stringify(made.command),
      made.requestUuid,
      made.createdMs,
      made.requestId ?? null,
    ],
  });
  return rows[0]?.id ?? null;
}

/** Of these chats, those that are the bot's and there. */
export async function chatsOfBot(
  db: Queryable,
  botId: UserId,
  chatIds: readonly ChatId[],
): Promise<ReadonlySet<ChatId>> {
  const { rows } = await db.query<{ id: number }>({
    name: "chats of bot",
    text: `select id from chat where id = any($2::bigint[]) and telegram is not null
             and (telegram ->> 'botId')::bigint = $1 and deleted_ms is null`,
    values: [botId, chatIds],
  });
  return new Set(rows.map(({ id }) => id));
}

/** In this order. */
export async function insertTargets(
  db: Queryable,
  broadcastId: number,
  chatIds: readonly ChatId[],
): Promise<number> {
  const { rowCount } = await db.query({
    name: "insert targets",
    text: `insert into broadcast_target (broadcast_id, n, chat_id)
           select $1, t.n, t.id from unnest($2::bigint[]) with ordinality as t(id, n)`,
    values: [broadcastId, chatIds],
  });
  return rowCount ?? 0;
}

/** Which of a bot's chats; what is left out does not matter. */
export interface Audience {
  /** Of people, or of groups and channels. */
  readonly type?: "private" | "group";
  /** Of the person, as Telegram tells it: `pt` means `pt-BR` too. */
  readonly language?: string;
  /** Somebody has written there since. */
  readonly activeSinceMs?: number;
}

/** The chats of an audience, up to `limit`, without those the bot was put out of. Private chats have positive ids there. */
export async function insertAudience(
  db: Queryable,
  broadcastId: number,
  botId: UserId,
  audience: Audience,
  limit: number,
): Promise<number> {
  const { rowCount } = await db.query({
    name: "insert audience",
    text: `insert into broadcast_target (broadcast_id, n, chat_id)
           select $1, row_number() over (order by c.id), c.id from chat c
           where c.telegram is not null and (c.telegram ->> 'botId')::bigint = $2 and c.deleted_ms is null
             and coalesce(c.telegram ->> 'status', '') not in ('kicked', 'left')
             and ($3::text is null or ($3 = 'private') = ((c.telegram ->> 'chatId')::bigint > 0))
             and ($4::text is null or exists (select from telegram_user u
                   where u.telegram_id = (c.telegram ->> 'chatId')::bigint
                     and (lower(u.language) = $4 or starts_with(lower(u.language), $4 || '-'))))
             and ($5::bigint is null or $5 <= (select m.ts from message m
                   where m.chat_id = c.id and m.source = 'telegram' order by m.seq desc limit 1))
           order by c.id limit $6`,
    values: [
      broadcastId,
      botId,
      audience.type ?? null,
      audience.language?.toLowerCase() ?? null,
      audience.activeSinceMs ?? null,
      limit,
    ],
  });
  return rowCount ?? 0;
}

/** It has so many targets, more than none. */
export async function startBroadcast(db: Queryable, id: number, total: number): Promise<void> {
  await db.query({
    name: "start broadcast",
    text: `update broadcast set state = 'running', total = $2, settled = false, done_ms = null where id = $1`,
    values: [id, total],
  });
}
