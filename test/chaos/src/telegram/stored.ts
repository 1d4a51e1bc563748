import type { Queryable } from "@rookery/store";
import type { StoredLine } from "./check.ts";

/**
 * From here on it is written down which sends may have left already whenever a job shard gets another owner. Those, and no others,
 * may come twice; also where nobody was killed and a busy machine alone made somebody seem dead.
 */
export async function watchTakeovers(db: Queryable): Promise<void> {
  await db.query(`create table chaos_in_flight (body text)`);
  await db.query(
    `create function chaos_takeover() returns trigger language plpgsql as $$ begin
       insert into chaos_in_flight select content ->> 'body' from telegram_send where state = 'sending';
       return null;
     end $$`,
  );
  await db.query(
    `create trigger chaos_takeover after update of epoch on shard for each row
     when (old.kind = 'job' and old.epoch <> new.epoch) execute function chaos_takeover()`,
  );
}

/** Texts of sends that were in flight at a takeover. */
export async function readInFlight(db: Queryable): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ body: string }>("select distinct body from chaos_in_flight");
  return new Set(rows.map(({ body }) => body));
}

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
