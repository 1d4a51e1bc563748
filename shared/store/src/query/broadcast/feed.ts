/** Broadcasts as their courier carries them out. Whatever it writes, it writes under the epochs of its job shards. */
import type { ChatId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";
import type { RelayRow } from "../../table.ts";
import type { JobFence } from "../telegram/send.ts";

export interface OpenBroadcast {
  readonly id: number;
  readonly botId: UserId;
  readonly state: "running" | "paused" | "cancelled" | "done";
}

/** Those with something left to do, the oldest first; a deleted bot's are cancelled, and what was fed is yet to be counted. */
export async function openBroadcasts(db: Queryable): Promise<OpenBroadcast[]> {
  const { rows } = await db.query<OpenBroadcast>({
    name: "open broadcasts",
    text: `select b.id, b.bot_id as "botId", b.state from broadcast b where not b.settled order by b.id`,
  });
  return rows;
}

/** A broadcast, and the job shard of its bot. */
export interface OwnedBroadcast {
  readonly id: number;
  readonly shard: number;
}

const fenced = `with fence as (select * from json_to_recordset($1::json) as f(shard integer, epoch bigint)),
  held as (select s.id from shard s join fence f on s.id = f.shard
           where s.kind = 'job' and s.epoch = f.epoch order by s.id for share of s)`;
const owned = `owned as (select r.id from json_to_recordset($2::json) as r(id bigint, shard integer)
  where r.shard in (select id from held))`;

/**
 * What became of those fed: as their sends say. A relay goes with the commit that applies it, so that one that is gone and left
 * no message was refused, and a message without a send goes nowhere.
 */
export async function settleTargets(
  db: Queryable,
  fences: readonly JobFence[],
  broadcasts: readonly OwnedBroadcast[],
): Promise<void> {
  await db.query({
    name: "settle targets",
    text: `${fenced}, ${owned},
      result as (
        select t.broadcast_id, t.n, coalesce(s.state, 'failed') as state,
          case when s.id is not null then s.error
            else coalesce(m.detail -> 'telegram' ->> 'error', 'the chat did not take it') end as error
        from owned o join broadcast b on b.id = o.id
          join broadcast_target t on t.broadcast_id = b.id and t.state = 'fed'
          left join message m on m.chat_id = t.chat_id and m.sender_id = b.bot_id
            and m.uuid = 'broadcast-' || t.broadcast_id || '-' || t.n
          left join telegram_send s on s.id = t.chat_id || '/' || m.seq
        where not exists (select from relay r where r.id = 'broadcast-' || t.broadcast_id || '-' || t.n)
          and coalesce(s.state, 'failed') in ('sent', 'failed', 'unknown')),
      settled as (update broadcast_target t set state = r.state, error = r.error from result r
        where t.broadcast_id = r.broadcast_id and t.n = r.n and t.state = 'fed'
        returning t.broadcast_id, t.state)
      update broadcast b set sent = b.sent + c.sent, failed = b.failed + c.failed, unknown = b.unknown + c.unknown
      from (select broadcast_id, count(*) filter (where state = 'sent') as sent,
              count(*) filter (where state = 'failed') as failed,
              count(*) filter (where state = 'unknown') as unknown
            from settled group by broadcast_id) c
      where b.id = c.broadcast_id`,
    values: [JSON.stringify(fences), JSON.stringify(broadcasts)],
  });
}

/** Those that nothing is left to do for. */
export async function finishBroadcasts(
  db: Queryable,
  fences: readonly JobFence[],
  broadcasts: readonly OwnedBroadcast[],
  nowMs: number,
): Promise<void> {
  await db.query({
    name: "finish broadcasts",
    text: `${fenced}, ${owned}
      update broadcast b set settled = true, done_ms = $3,
        state = case when b.state = 'cancelled' then b.state else 'done' end
      from owned o where b.id = o.id and not b.settled
        and not exists (select from broadcast_target t where t.broadcast_id = b.id and t.state = 'fed')
        and (b.state = 'cancelled' or not exists
          (select from broadcast_target t where t.broadcast_id = b.id and t.state = 'waiting'))`,
    values: [JSON.stringify(fences), JSON.stringify(broadcasts), nowMs],
  });
}

/** How many of a bot's are fed and have no result, and how many of them since a time. */
export async function countFed(
  db: Queryable,
  broadcastIds: readonly number[],
  sinceMs: number,
): Promise<{ readonly all: number; readonly recent: number }> {
  const { rows } = await db.query<{ all: number; recent: number }>({
    name: "count fed",
    text: `select count(*) as all, count(*) filter (where fed_ms > $2) as recent
           from broadcast_target where broadcast_id = any($1::bigint[]) and state = 'fed'`,
    values: [broadcastIds, sinceMs],
  });
  return rows[0] ?? { all: 0, recent: 0 };
}

export interface WaitingTarget {
  readonly broadcastId: number;
  readonly n: number;
  readonly chatId: ChatId;
}

/** The next of these broadcasts, one broadcast after the other. */
export async function waitingTargets(
  db: Queryable,
  broadcastIds: readonly number[],
  limit: number,
): Promise<WaitingTarget[]> {
  const { rows } = await db.query<WaitingTarget>({
    name: "waiting targets",
    text: `select broadcast_id as "broadcastId", n, chat_id as "chatId" from broadcast_target
           where broadcast_id = any($1::bigint[]) and state = 'waiting' order by broadcast_id, n limit $2`,
    values: [broadcastIds, limit],
  });
  return rows;
}

/**
 * Asks the chats of these targets, by relay, unless their broadcasts were stopped meanwhile: a pause that was answered comes
 * before or after it, not between.
 * @returns the relays, for whoever wants to send them at once.
 */
export async function feedTargets(
  db: Queryable,
  fences: readonly JobFence[],
  targets: readonly {
    readonly broadcastId: number;
    readonly n: number;
    /** Of the bot. */
    readonly shard: number;
    /** The log shard that carries the relay. */
    readonly sourceShard: number;
  }[],
  nowMs: number,
): Promise<RelayRow[]> {
  const { rows } = await db.query<RelayRow>({
    name: "feed targets",
    text: `${fenced},
      asked as (select * from json_to_recordset($2::json) as r("broadcastId" bigint, n integer, shard integer,
        "sourceShard" integer) where r.shard in (select id from held)),
      running as (select id, command, request_id from broadcast
        where id in (select "broadcastId" from asked) and state = 'running' order by id for share),
      fed as (update broadcast_target t set state = 'fed', fed_ms = $3 from asked a, running b
        where t.broadcast_id = a."broadcastId" and t.n = a.n and t.state = 'waiting' and b.id = t.broadcast_id
        returning 'broadcast-' || t.broadcast_id || '-' || t.n as id, a."sourceShard", t.chat_id, b.command,
          b.request_id),
      told as (insert into relay (id, source_shard, target_kind, target_id, command, created_ms, request_id)
        select id, "sourceShard", 'chat', chat_id, command, $3, request_id from fed on conflict (id) do nothing)
      select id, "sourceShard", 'chat' as "targetKind", chat_id as "targetId", command, $3::bigint as "createdMs",
        request_id as "requestId" from fed`,
    values: [JSON.stringify(fences), JSON.stringify(targets), nowMs],
  });
  return rows;
}
