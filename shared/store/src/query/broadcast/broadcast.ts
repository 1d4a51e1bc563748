/** Broadcasts as their owner sees and steers them. */
import type { ChatId, UserId } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export interface BroadcastRow {
  readonly id: number;
  readonly botId: UserId;
  readonly state: "running" | "paused" | "cancelled" | "done";
  readonly total: number;
  readonly sent: number;
  readonly failed: number;
  readonly unknown: number;
  readonly createdMs: number;
  readonly doneMs: number | null;
}

const columns = `id, bot_id as "botId", state, total, sent, failed, unknown, created_ms as "createdMs",
  done_ms as "doneMs"`;

export async function readBroadcast(db: Queryable, botId: UserId, id: number): Promise<BroadcastRow | null> {
  const { rows } = await db.query<BroadcastRow>({
    name: "read broadcast",
    text: `select ${columns} from broadcast where bot_id = $1 and id = $2`,
    values: [botId, id],
  });
  return rows[0] ?? null;
}

/** The broadcast that this request made before. */
export async function readBroadcastByRequest(
  db: Queryable,
  botId: UserId,
  requestUuid: string,
): Promise<BroadcastRow | null> {
  const { rows } = await db.query<BroadcastRow>({
    name: "read broadcast by request",
    text: `select ${columns} from broadcast where bot_id = $1 and request_uuid = $2`,
    values: [botId, requestUuid],
  });
  return rows[0] ?? null;
}

/** By id, those after one. */
export async function listBroadcasts(
  db: Queryable,
  botId: UserId,
  page: { readonly after: number; readonly limit: number },
): Promise<BroadcastRow[]> {
  const { rows } = await db.query<BroadcastRow>({
    name: "list broadcasts",
    text: `select ${columns} from broadcast where bot_id = $1 and id > $2 order by id limit $3`,
    values: [botId, page.after, page.limit],
  });
  return rows;
}

/** From one of these states to another; false when it is in none of them. Once it is done, nothing more is fed. */
export async function steerBroadcast(
  db: Queryable,
  key: { readonly botId: UserId; readonly id: number },
  from: readonly BroadcastRow["state"][],
  to: BroadcastRow["state"],
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "steer broadcast",
    text: "update broadcast set state = $4 where bot_id = $1 and id = $2 and state = any($3::text[])",
    values: [key.botId, key.id, from, to],
  });
  return rowCount === 1;
}

/** A chat that was not reached, and why. */
export interface LostTarget {
  readonly n: number;
  readonly chatId: ChatId;
  readonly state: "failed" | "unknown";
  readonly error: string | null;
}

export async function listLostTargets(
  db: Queryable,
  broadcastId: number,
  page: { readonly after: number; readonly limit: number },
): Promise<LostTarget[]> {
  const { rows } = await db.query<LostTarget>({
    name: "list lost targets",
    text: `select n, chat_id as "chatId", state, error from broadcast_target
           where broadcast_id = $1 and n > $2 and state in ('failed', 'unknown') order by n limit $3`,
    values: [broadcastId, page.after, page.limit],
  });
  return rows;
}
