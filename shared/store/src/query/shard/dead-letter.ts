import type { Queryable } from "../../pool.ts";
import type { DeadLetterRow } from "../../table.ts";

/** A parked command (L8); `retriedMs` when it was last given to its shard again. */
export interface DeadLetter extends DeadLetterRow {
  readonly id: number;
  readonly retriedMs: number | null;
}

const columns = `id, shard, seq, actor, sender_id as "senderId", uuid, command, reason, parked_ms as "parkedMs",
  retried_ms as "retriedMs"`;

/** A page of dead letters. Those retried are left out unless `withRetried`. */
export async function listDeadLetters(
  db: Queryable,
  page: { readonly limit: number; readonly newestFirst: boolean; readonly withRetried: boolean },
): Promise<DeadLetter[]> {
  const { rows } = await db.query<DeadLetter>(
    `select ${columns} from dead_letter where $2 or retried_ms is null
     order by id ${page.newestFirst ? "desc" : "asc"} limit $1`,
    [page.limit, page.withRetried],
  );
  return rows;
}

/** How many there are, as `listDeadLetters` counts. */
export async function countDeadLetters(
  db: Queryable,
  { withRetried }: { readonly withRetried: boolean },
): Promise<number> {
  const { rows } = await db.query<{ letters: number }>(
    "select count(*) as letters from dead_letter where $1 or retried_ms is null",
    [withRetried],
  );
  return rows[0]?.letters ?? 0;
}

/** Those of `ids` that exist, in id order. */
export async function readDeadLetters(db: Queryable, ids: readonly number[]): Promise<DeadLetter[]> {
  const { rows } = await db.query<DeadLetter>(
    `select ${columns} from dead_letter where id = any($1::bigint[]) order by id`,
    [ids],
  );
  return rows;
}

/** Of the log messages at these places, those that were parked: a retried command can be parked again. */
export async function findDeadLettersAt(
  db: Queryable,
  places: readonly Pick<DeadLetter, "shard" | "seq">[],
): Promise<DeadLetter[]> {
  const { rows } = await db.query<DeadLetter>(
    `select ${columns} from dead_letter where (shard, seq) in
       (select shard, seq from json_to_recordset($1::json) as p(shard integer, seq bigint)) order by id`,
    [JSON.stringify(places)],
  );
  return rows;
}

/** Notes that a dead letter has been given to its shard again. */
export async function markRetried(db: Queryable, id: number, nowMs: number): Promise<void> {
  await db.query("update dead_letter set retried_ms = $2 where id = $1", [id, nowMs]);
}
