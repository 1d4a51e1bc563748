/** Sends to Telegram as their courier sees them. Whatever it writes, it writes under the epochs of its job shards. */
import type { TelegramSend, TelegramState } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

/** A job shard as its owner claimed it. */
export interface JobFence {
  readonly shard: number;
  readonly epoch: number;
}

export interface OpenSend extends TelegramSend {
  /** `sending`: it may have left already. */
  readonly state: "pending" | "sending";
  readonly attempts: number;
}

/** What is known of a send from now on. */
export interface SendResult {
  readonly id: string;
  /** Its bot's job shard. */
  readonly shard: number;
  /** `pending`: it did not leave, or is to be repeated. */
  readonly state: "pending" | "sent" | "failed" | "unknown";
  readonly messageId: number | null;
  /** Telegram's id of the poll that it is. */
  readonly pollId: string | null;
  readonly error: string | null;
  readonly atMs: number;
  /** Word for the chat: what stands in the message from now on, and the log shard that carries it there. */
  readonly word: { readonly chatId: number; readonly seq: number; readonly shard: number } | null;
  /** Of the request that led to the send. */
  readonly requestId?: string | undefined;
}

const columns = `id, action, bot_id as "botId", telegram_chat_id as "telegramChatId", chat_id as "chatId", seq,
  message_id as "messageId", place, prev_place as "prevPlace", bulk, content, created_ms as "createdMs", state, attempts`;

/** The open sends of these bots, the oldest first: of each chat a beginning without gaps. */
export async function openSendsOf(
  db: Queryable,
  botIds: readonly number[],
  limit: number,
): Promise<OpenSend[]> {
  const { rows } = await db.query<OpenSend>({
    name: "open sends of bots",
    text: `select ${columns} from telegram_send
           where bot_id = any($1::bigint[]) and state in ('pending', 'sending')
           order by created_ms, place limit $2`,
    values: [botIds, limit],
  });
  return rows;
}

/** The open sends of these chats of one bot. */
export async function openSendsOfChats(
  db: Queryable,
  botId: number,
  chatIds: readonly number[],
): Promise<OpenSend[]> {
  const { rows } = await db.query<OpenSend>({
    name: "open sends of chats",
    text: `select ${columns} from telegram_send
           where bot_id = $1 and chat_id = any($2::bigint[]) and state in ('pending', 'sending')
           order by chat_id, place`,
    values: [botId, chatIds],
  });
  return rows;
}

/** How many sends of these bots are open; bots without any are left out. */
export async function countOpenSends(
  db: Queryable,
  botIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await db.query<{ botId: number; count: number }>({
    name: "count open sends",
    text: `select bot_id as "botId", count(*) from telegram_send
           where bot_id = any($1::bigint[]) and state in ('pending', 'sending') group by bot_id`,
    values: [botIds],
  });
  return new Map(rows.map(({ botId, count }) => [botId, count]));
}

const fenced = `with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
  held as (select s.id from shard s join fence f on s.id = f.shard
           where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s)`;

/**
 * Before their bytes leave: after a crash the outcome of these is unknown.
 * @returns those that may leave, with Telegram's id of what they change, if it is known by now; the others' shards are somebody
 *   else's, or they are open no more.
 */
export async function beginSends(
  db: Queryable,
  fences: readonly JobFence[],
  sends: readonly { readonly id: string; readonly shard: number }[],
): Promise<ReadonlyMap<string, number | null>> {
  const { rows } = await db.query<{ id: string; messageId: number | null }>({
    name: "begin sends",
    text: `${fenced}
           update telegram_send t set state = 'sending', attempts = attempts + 1
           from json_to_recordset($2::json) as r(id text, shard integer)
           where t.id = r.id and t.state in ('pending', 'sending') and r.shard in (select id from held)
           returning t.id, coalesce(t.message_id, (select s.message_id from telegram_send s
             where t.action <> 'send' and s.id = t.chat_id || '/' || t.seq)) as "messageId"`,
    values: [JSON.stringify(fences), JSON.stringify(sends)],
  });
  return new Map(rows.map(({ id, messageId }) => [id, messageId]));
}

/**
 * What became of sends, and word of it to their chats, by relay (`relay.ts`): one statement, so neither without the other.
 * @returns the ids that were written.
 */
export async function finishSends(
  db: Queryable,
  fences: readonly JobFence[],
  results: readonly SendResult[],
): Promise<ReadonlySet<string>> {
  const rows = results.map(({ word, ...result }) => ({
    ...result,
    doneMs: result.state === "pending" ? null : result.atMs,
    chatId: word?.chatId ?? null,
    sourceShard: word?.shard ?? null,
    command: word === null ? null : { kind: "settle", seq: word.seq, telegram: stateOf(result) },
  }));
  const done = await db.query<{ id: string }>({
    name: "finish sends",
    text: `${fenced},
           result as (select * from json_to_recordset($2::json) as r(id text, shard integer, state text,
             "messageId" bigint, "pollId" text, error text, "atMs" bigint, "doneMs" bigint, "chatId" bigint,
             "sourceShard" integer, command jsonb, "requestId" text) where r.shard in (select id from held)),
           done as (update telegram_send t set state = r.state, message_id = r."messageId", poll_id = r."pollId", error = r.error,
             done_ms = r."doneMs" from result r where t.id = r.id and t.state in ('pending', 'sending')
             returning t.id),
           told as (insert into relay (id, source_shard, target_kind, target_id, command, created_ms, request_id)
             select 'telegram:' || r.id || '/' || r.state, r."sourceShard", 'chat', r."chatId", r.command, r."atMs",
               r."requestId"
             from result r where r."chatId" is not null and r.id in (select id from done)
             on conflict (id) do nothing)
           select id from done`,
    values: [JSON.stringify(fences), JSON.stringify(rows)],
  });
  return new Set(done.rows.map((row) => row.id));
}

/** The relay that brings a result to its chat, for whoever wants to send it at once. */
export function relayIdOf({ id, state }: SendResult): string {
  return `telegram:${id}/${state}`;
}

export function stateOf({
  state,
  messageId,
  error,
}: Pick<SendResult, "state" | "messageId" | "error">): TelegramState {
  return {
    state: state === "pending" ? "queued" : state,
    ...(messageId === null ? {} : { messageId }),
    ...(error === null ? {} : { error }),
  };
}

/** A bot as whoever sends for it needs it. */
export interface SendingBot {
  readonly id: number;
  readonly tokenKeyId: string;
  readonly tokenBox: Buffer;
  readonly onUnknown: "repeat" | "mark";
}

/** The bots that meet Telegram, without those deleted. */
export async function listSendingBots(db: Queryable): Promise<SendingBot[]> {
  const { rows } = await db.query<SendingBot>({
    name: "list sending bots",
    text: `select id, token_key_id as "tokenKeyId", token_box as "tokenBox", on_unknown as "onUnknown"
           from bot where deleted_ms is null and mode <> 'native'`,
  });
  return rows;
}
