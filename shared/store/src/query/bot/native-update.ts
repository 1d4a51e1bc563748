/**
 * Updates of bots of our own as the owner of their job shard handles them. All it writes it writes under the epochs of its job
 * shards (L2). Who has what: the bot itself `taken`, each named consumer everything below its `next_update_id`; what everybody
 * known has is gone. A consumer is known from its first question until it is silent for a week.
 */
import { type BotUpdate, inlineCacheMsMax, type UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { JobFence } from "../telegram/send.ts";

const held = `fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
  held as (select s.id from shard s join fence f on s.id = f.shard
           where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s)`;

/** A consumer that does not come for so long is forgotten. */
export const consumerSilenceMs = 7 * 24 * 60 * 60 * 1_000;

export interface BotInShard {
  readonly botId: UserId;
  readonly shard: number;
}

/**
 * Gives the next numbers to what these bots have that has none, each chat's in its order; numbers have no gaps.
 * @returns the bots that have something new, and whether there is more to number.
 */
export async function numberUpdates(
  db: Queryable,
  fences: readonly JobFence[],
  bots: readonly BotInShard[],
  limitPerBot: number,
): Promise<{ readonly botIds: ReadonlySet<UserId>; readonly more: ReadonlySet<UserId> }> {
  const { rows } = await db.query<{ botId: number; count: number }>({
    name: "number updates",
    text: `with ${held},
      asked as (select r."botId" as bot_id from json_to_recordset($2::json) as r("botId" bigint, shard integer)
                where r.shard in (select id from held)),
      waiting as (select w.id, w.bot_id, row_number() over (partition by w.bot_id order by w.chat_id, w.place, w.id) as n
        from asked a cross join lateral (
          select u.id, u.bot_id, u.chat_id, u.place from bot_update u
          where u.bot_id = a.bot_id and u.update_id is null order by u.chat_id, u.place, u.id limit $3) w),
      counted as (select bot_id, count(*) as count from waiting group by bot_id),
      advanced as (update native_bot b set next_update_id = b.next_update_id + c.count
        from counted c where b.bot_id = c.bot_id
        returning b.bot_id, b.next_update_id - c.count as first, c.count),
      numbered as (update bot_update u set update_id = a.first + w.n - 1
        from waiting w join advanced a on a.bot_id = w.bot_id where u.id = w.id)
      select bot_id as "botId", count from advanced`,
    values: [JSON.stringify(fences), JSON.stringify(bots), limitPerBot],
  });
  return {
    botIds: new Set(rows.map(({ botId }) => botId)),
    more: new Set(rows.flatMap(({ botId, count }) => (count < limitPerBot ? [] : [botId]))),
  };
}

/** The bots that have something without a number. */
export async function unnumberedBots(db: Queryable): Promise<UserId[]> {
  const { rows } = await db.query<{ id: number }>({
    name: "unnumbered bots",
    text: `select b.bot_id as id from native_bot b
           where exists (select from bot_update u where u.bot_id = b.bot_id and u.update_id is null)`,
  });
  return rows.map(({ id }) => id);
}

/** What somebody asks for. The bot itself has the empty name. */
export interface UpdatesAsked extends BotInShard {
  readonly consumer: string;
  /**
   * Above 0: everything below is confirmed, of what there is so far; below 0: all but so many of the last. 0 confirms nothing.
   */
  readonly offset: number;
  readonly limit: number;
}

/** Whoever asks is known from here on, and has what it says it has. Without effect for a bot with a webhook, asked by itself. */
export async function confirmUpdates(
  db: Queryable,
  fences: readonly JobFence[],
  asked: readonly UpdatesAsked[],
  nowMs: number,
): Promise<void> {
  await db.query({
    name: "confirm updates",
    text: `with ${held},
      asked as (select r.*, case when r.shift >= 0 then least(r.shift, b.next_update_id) else coalesce((select min(t.update_id) from (
            select u.update_id from bot_update u where u.bot_id = r."botId" and u.update_id is not null
              and u.expires_ms > $3::bigint and (r.consumer <> '' or not u.taken)
            order by u.update_id desc limit greatest(-r.shift, 0)) t), 0) end as below
        from json_to_recordset($2::json) as r("botId" bigint, shard integer, consumer text, shift bigint)
          join native_bot b on b.bot_id = r."botId" and (r.consumer <> '' or b.webhook_url is null)
        where r.shard in (select id from held)),
      known as (insert into bot_consumer (bot_id, name, next_update_id, seen_ms)
        select "botId", consumer, max(below), $3::bigint from asked group by 1, 2
        on conflict (bot_id, name) do update set seen_ms = excluded.seen_ms,
          next_update_id = greatest(bot_consumer.next_update_id, excluded.next_update_id)
        where bot_consumer.seen_ms < excluded.seen_ms - 60000
          or bot_consumer.next_update_id < excluded.next_update_id),
      everybody as (
        select c.bot_id, c.name, greatest(c.next_update_id, a.below) as next from bot_consumer c
          left join asked a on a."botId" = c.bot_id and a.consumer = c.name
        where c.bot_id in (select "botId" from asked) and (c.seen_ms > $3::bigint - ${consumerSilenceMs} or a.below is not null)
        union all
        select a."botId", a.consumer, a.below from asked a
        where not exists (select from bot_consumer c where c.bot_id = a."botId" and c.name = a.consumer)),
      marks as (select bot_id, bool_or(name = '') as itself, max(next) filter (where name = '') as own,
          min(next) filter (where name <> '') as low from everybody group by bot_id),
      gone as (delete from bot_update u using marks m
        where u.bot_id = m.bot_id and u.update_id < coalesce(m.low, 2147483647)
          and (u.taken or not m.itself or u.update_id < m.own)
          and u.update_id < greatest(m.low, m.own)
        returning u.id)
      update bot_update u set taken = true from marks m
      where u.bot_id = m.bot_id and not u.taken and m.low is not null and u.update_id < m.own and u.update_id >= m.low`,
    values: [
      JSON.stringify(fences),
      JSON.stringify(asked.map(({ offset, ...rest }) => ({ ...rest, shift: offset }))),
      nowMs,
    ],
  });
}

export interface StoredUpdate {
  readonly updateId: number;
  readonly type: BotUpdate["type"];
  readonly queue: string;
  readonly payload: BotUpdate["payload"];
  readonly expiresMs: number;
}

export interface UpdatesRead {
  /** Of the question, by its place. */
  readonly at: number;
  /** The bot is posted to; its own questions are not answered. */
  readonly hasWebhook: boolean;
  readonly updates: readonly StoredUpdate[];
}

/**
 * What there is for each of these questions; left out: bots that are gone. An offset beyond all there is has confirmed all there
 * was, so from then on it means the head.
 */
export async function readUpdates(
  db: Queryable,
  asked: readonly UpdatesAsked[],
  nowMs: number,
): Promise<UpdatesRead[]> {
  const { rows } = await db.query<UpdatesRead>({
    name: "read updates",
    text: `select r.at, b.webhook_url is not null as "hasWebhook", coalesce((
             select json_agg(json_build_object('updateId', t.update_id, 'type', t.type, 'queue', t.queue,
               'payload', t.payload, 'expiresMs', t.expires_ms) order by t.update_id)
             from (select * from bot_update u where u.bot_id = r."botId" and u.expires_ms > $2
                     and u.update_id >= greatest(case when r.shift > b.next_update_id then 0 else r.shift end, case when r.consumer = '' then 0 else coalesce((
                       select c.next_update_id from bot_consumer c
                       where c.bot_id = r."botId" and c.name = r.consumer), 0) end)
                     and (r.consumer <> '' or not u.taken)
                     and (r.consumer <> '' or b.webhook_url is null)
                   order by u.update_id limit r.bound) t), '[]') as updates
           from json_to_recordset($1::json) as r(at integer, "botId" bigint, consumer text, shift bigint, bound integer)
             join native_bot b on b.bot_id = r."botId" join bot t on t.id = b.bot_id and t.deleted_ms is null`,
    values: [
      JSON.stringify(
        asked.map(({ botId, consumer, offset, limit }, at) => ({
          at,
          botId,
          consumer,
          shift: offset,
          bound: limit,
        })),
      ),
      nowMs,
    ],
  });
  return rows;
}

/** Those with no more time, the oldest first; consumers long silent; presses nobody can answer any more. @returns how many. */
export async function sweepUpdates(db: Queryable, nowMs: number, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: "sweep updates",
    text: `with gone as (delete from bot_update where id in (
             select id from bot_update where expires_ms <= $1 order by expires_ms limit $2) returning 1),
           silent as (delete from bot_consumer where name <> '' and seen_ms < $1::bigint - ${consumerSilenceMs} returning 1),
           pressed as (delete from bot_callback where id in (
             select id from bot_callback where created_ms < $1::bigint - 3600000 order by created_ms limit $2) returning 1),
           asked as (delete from bot_inline where id in (
             select id from bot_inline where created_ms < $1::bigint - 2 * ${inlineCacheMsMax} order by created_ms limit $2)
             returning 1)
           select (select count(*) from gone) + (select count(*) from pressed) + (select count(*) from asked) as count`,
    values: [nowMs, limit],
  });
  return rows[0]?.count ?? 0;
}
