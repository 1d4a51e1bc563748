import type { Queryable } from "@rookery/store";
import type { StoredLine } from "./check.ts";

export interface StoredChat {
  /** Ours. */
  readonly id: number;
  readonly lines: readonly StoredLine[];
}

/** The chats of Telegram as Postgres has them, by Telegram's id. */
export async function readChats(db: Queryable): Promise<ReadonlyMap<string, StoredChat>> {
  const { rows } = await db.query<{
    readonly id: number;
    readonly telegramId: string;
    readonly lines: readonly StoredLine[];
  }>(
    `select c.id, c.telegram ->> 'chatId' as "telegramId", json_agg(json_build_object('seq', m.seq, 'body', m.body,
       'received', coalesce(m.detail -> 'telegram' ->> 'state' = 'received', false)) order by m.seq) as lines
     from chat c join message m on m.chat_id = c.id where c.type = 'telegram' group by c.id`,
  );
  return new Map(rows.map(({ id, telegramId, lines }) => [telegramId, { id, lines }]));
}
