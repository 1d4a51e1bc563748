/** Updates of Telegram's as whoever answers them sees them. Whatever it writes, it writes under the epochs of its job shards. */
import type { BotMemory, ChatId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { JudgedUpdate } from "./flood.ts";
import type { JobFence } from "./send.ts";

export interface PendingUpdate {
  readonly botId: UserId;
  readonly updateId: number;
  readonly type: string;
  readonly chatId: ChatId | null;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  /** Of the request it came by, where it is known. */
  readonly requestId: string | null;
}

/** The updates of these bots that wait for an answer, each bot's first ones; those already known are left out. */
export async function pendingUpdates(
  db: Queryable,
  botIds: readonly UserId[],
  known: readonly { readonly botId: UserId; readonly updateId: number }[],
  limitPerBot: number,
): Promise<PendingUpdate[]> {
  const { rows } = await db.query<PendingUpdate>({
    name: "pending updates",
    text: `select u.* from unnest($1::bigint[]) as b(id) cross join lateral (
             select bot_id as "botId", update_id as "updateId", type, chat_id as "chatId", raw, created_ms as "createdMs",
               request_id as "requestId"
             from telegram_update t
             where t.bot_id = b.id and t.state = 'pending'
               and not exists (select from json_to_recordset($2::json) as k("botId" bigint, "updateId" bigint)
                               where k."botId" = t.bot_id and k."updateId" = t.update_id)
             order by t.update_id limit $3) u`,
    values: [botIds, JSON.stringify(known), limitPerBot],
  });
  return rows;
}

/** The bots with updates that wait for an answer. */
export async function botsWithPendingUpdates(db: Queryable): Promise<UserId[]> {
  const { rows } = await db.query<{ id: number }>({
    name: "bots with pending updates",
    text: `select id from bot b where b.deleted_ms is null and exists
             (select from telegram_update t where t.bot_id = b.id and t.state = 'pending')`,
  });
  return rows.map(({ id }) => id);
}

/** What is known of people by their Telegram ids, and what the bot remembers of them where they are. */
export interface Acquaintance {
  readonly userId: UserId | null;
  readonly role: "member" | "operator" | "service" | "admin";
  readonly memory: BotMemory | null;
}

export async function readAcquaintance(
  db: Queryable,
  key: { readonly botId: UserId; readonly telegramChatId: number; readonly telegramUserId: number },
  nowMs: number,
): Promise<Acquaintance> {
  const { rows } = await db.query<{
    userId: number | null;
    role: Acquaintance["role"] | null;
    state: BotMemory["state"] | null;
    untilMs: number;
  }>({
    name: "read acquaintance",
    text: `select u.id as "userId", u.role, m.state, m.until_ms as "untilMs"
           from (select 1) one
             left join telegram_user t on t.telegram_id = $3
             left join users u on u.id = t.user_id
             left join bot_memory m on m.bot_id = $1 and m.telegram_chat_id = $2 and m.telegram_user_id = $3
               and m.until_ms > $4`,
    values: [key.botId, key.telegramChatId, key.telegramUserId, nowMs],
  });
  const [row] = rows;
  return {
    userId: row?.userId ?? null,
    role: row?.role ?? "member",
    memory: row === undefined || row.state === null ? null : { state: row.state, untilMs: row.untilMs },
  };
}

/** What an update led to, all of it in one commit. */
export interface AnsweredUpdate {
  readonly botId: UserId;
  readonly updateId: number;
  /** The bot's job shard. */
  readonly shard: number;
  readonly state: "done" | "failed";
  readonly error: string | null;
  readonly doneMs: number;
  /** What the bot says, by relay to its chat; the log shard carries it there. */
  readonly messages: readonly {
    readonly id: string;
    readonly chatId: ChatId;
    readonly sourceShard: number;
    readonly command: object;
    readonly createdMs: number;
    readonly requestId: string | null;
  }[];
  /** Missing: as it was. */
  readonly memory?: {
    readonly telegramChatId: number;
    readonly telegramUserId: number;
    /** Null forgets. */
    readonly value: BotMemory | null;
  };
  readonly tokens: readonly {
    readonly token: string;
    readonly data: string;
    readonly entity: string | null;
    readonly expiresMs: number;
  }[];
  /** Entities whose buttons work no more: those of earlier commits. */
  readonly invalidated: readonly string[];
  readonly usage: readonly BotUsage[];
  /** Missing: nobody was asked whether the person is too fast. */
  readonly judged?: Omit<JudgedUpdate, "createdMs">;
}

export interface BotUsage {
  readonly kind: "command" | "callback" | "text" | "other" | "service" | "flood";
  readonly name: string;
  readonly errors: number;
  readonly ms: number;
}

const hourMs = 3_600_000;

/** @returns `bot/update` of those that were written; the others are somebody else's, or were answered before. */
export async function finishUpdates(
  db: Queryable,
  fences: readonly JobFence[],
  answered: readonly AnsweredUpdate[],
): Promise<ReadonlySet<string>> {
  const updates = answered.map(({ botId, updateId, shard, state, error, doneMs, judged }) => ({
    botId,
    updateId,
    shard,
    state,
    error,
    doneMs,
    ...judged,
  }));
  const about = <T>(pick: (each: AnsweredUpdate) => readonly T[]) =>
    JSON.stringify(
      answered.flatMap((each) =>
        pick(each).map((row) => ({ ...row, botId: each.botId, updateId: each.updateId })),
      ),
    );
  const { rows } = await db.query<{ key: string }>({
    name: "finish updates",
    text: `with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
      held as (select s.id from shard s join fence f on s.id = f.shard
               where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s),
      done as (update telegram_update t set state = r.state, error = r.error, done_ms = r."doneMs", person_id = r."personId",
          is_command = r."isCommand", flood = r.flood
        from json_to_recordset($2::json) as r("botId" bigint, "updateId" bigint, shard integer, state text, error text,
          "doneMs" bigint, "personId" bigint, "isCommand" boolean, flood text)
        where t.bot_id = r."botId" and t.update_id = r."updateId" and t.state = 'pending'
          and r.shard in (select id from held)
        returning t.bot_id, t.update_id),
      said as (insert into relay (id, source_shard, target_kind, target_id, command, created_ms, request_id)
        select r.id, r."sourceShard", 'chat', r."chatId", r.command, r."createdMs", r."requestId"
        from json_to_recordset($3::json) as r(id text, "sourceShard" integer, "chatId" bigint, command jsonb,
          "createdMs" bigint, "requestId" text, "botId" bigint, "updateId" bigint)
        where (r."botId", r."updateId") in (select bot_id, update_id from done)
        on conflict (id) do nothing),
      memory as (select r.* from json_to_recordset($4::json) as r("telegramChatId" bigint, "telegramUserId" bigint,
          state jsonb, "untilMs" bigint, "botId" bigint, "updateId" bigint)
        where (r."botId", r."updateId") in (select bot_id, update_id from done)),
      forgotten as (delete from bot_memory m using memory r where r.state is null and m.bot_id = r."botId"
        and m.telegram_chat_id = r."telegramChatId" and m.telegram_user_id = r."telegramUserId"),
      kept as (insert into bot_memory (bot_id, telegram_chat_id, telegram_user_id, state, until_ms)
        select "botId", "telegramChatId", "telegramUserId", state, "untilMs" from memory where state is not null
        on conflict (bot_id, telegram_chat_id, telegram_user_id)
          do update set state = excluded.state, until_ms = excluded.until_ms),
      invalid as (delete from callback_token t
        using json_to_recordset($7::json) as r(entity text, "botId" bigint, "updateId" bigint)
        where t.bot_id = r."botId" and t.entity = r.entity
          and (r."botId", r."updateId") in (select bot_id, update_id from done)),
      named as (insert into callback_token (bot_id, token, data, entity, expires_ms)
        select r."botId", r.token, min(r.data), min(r.entity), max(r."expiresMs")
        from json_to_recordset($5::json) as r(token text, data text, entity text, "expiresMs" bigint, "botId" bigint,
          "updateId" bigint)
        where (r."botId", r."updateId") in (select bot_id, update_id from done) group by 1, 2
        on conflict (bot_id, token) do update set expires_ms = excluded.expires_ms),
      used as (insert into bot_usage (bot_id, hour_ms, kind, name, count, errors, total_ms, max_ms)
        select r."botId", r."hourMs", r.kind, r.name, count(*), sum(r.errors), sum(r.ms), max(r.ms)
        from json_to_recordset($6::json) as r("hourMs" bigint, kind text, name text, errors integer, ms bigint,
          "botId" bigint, "updateId" bigint)
        where (r."botId", r."updateId") in (select bot_id, update_id from done) group by 1, 2, 3, 4
        on conflict (bot_id, hour_ms, kind, name) do update set count = bot_usage.count + excluded.count,
          errors = bot_usage.errors + excluded.errors, total_ms = bot_usage.total_ms + excluded.total_ms,
          max_ms = greatest(bot_usage.max_ms, excluded.max_ms))
      select bot_id || '/' || update_id as key from done`,
    values: [
      JSON.stringify(fences),
      JSON.stringify(updates),
      about(({ messages }) => messages),
      about(({ memory }) =>
        memory === undefined
          ? []
          : [{ ...memory, state: memory.value?.state ?? null, untilMs: memory.value?.untilMs ?? 0 }],
      ),
      about(({ tokens }) => tokens),
      about(({ usage, doneMs }) => usage.map((each) => ({ ...each, hourMs: doneMs - (doneMs % hourMs) }))),
      about(({ invalidated }) => invalidated.map((entity) => ({ entity }))),
    ],
  });
  return new Set(rows.map(({ key }) => key));
}

/** What a token stands for; null when it has expired, was invalidated, or never was. */
export async function readCallbackToken(
  db: Queryable,
  botId: UserId,
  token: string,
  nowMs: number,
): Promise<string | null> {
  const { rows } = await db.query<{ data: string }>({
    name: "read callback token",
    text: "select data from callback_token where bot_id = $1 and token = $2 and expires_ms > $3",
    values: [botId, token, nowMs],
  });
  return rows[0]?.data ?? null;
}

/** What has had its time; bounded, for a table that was never swept. */
export async function sweepBotMemory(db: Queryable, nowMs: number, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: "sweep bot memory",
    text: `with memory as (delete from bot_memory where ctid = any(array(
             select ctid from bot_memory where until_ms < $1 limit $2)) returning 1),
           tokens as (delete from callback_token where ctid = any(array(
             select ctid from callback_token where expires_ms < $1 limit $2)) returning 1)
           select (select count(*) from memory) + (select count(*) from tokens) as count`,
    values: [nowMs, limit],
  });
  return rows[0]?.count ?? 0;
}
