import { Fault } from "@rookery/protocol";
import type { Queryable } from "../../pool.ts";

export type ShardKind = "log" | "job";

export interface Ownership {
  readonly id: number;
  readonly epoch: number;
  readonly owner: string | null;
  readonly claimedMs: number | null;
  readonly logId: string | null;
  readonly appliedSeq: number;
  readonly appliedMsgId: string | null;
  readonly appliedMs: number | null;
  readonly commitId: number;
  /** Owners that ended in a row without giving the shard back or committing anything. */
  readonly deaths: number;
  readonly suspect: Suspect | null;
}

/** A command that is being tried alone because its shard's owners keep dying (L8). */
export interface Suspect {
  readonly seq: number;
  readonly actor: string;
  readonly senderId: number;
  readonly uuid: string;
  /** How often it has been tried. */
  readonly tries: number;
}

const columns = `id, epoch, owner, claimed_ms as "claimedMs", log_id as "logId", applied_seq as "appliedSeq",
  applied_msg_id as "appliedMsgId", applied_ms as "appliedMs", commit_id as "commitId",
  deaths, suspect`;

/** Every shard of a kind, in id order. */
export async function listShards(db: Queryable, kind: ShardKind): Promise<Ownership[]> {
  const { rows } = await db.query<Ownership>(`select ${columns} from shard where kind = $1 order by id`, [
    kind,
  ]);
  return rows;
}

/** Who owns every shard of a kind, in id order: all that is asked every second by everybody who could. */
export async function listOwners(
  db: Queryable,
  kind: ShardKind,
): Promise<Pick<Ownership, "id" | "epoch" | "owner">[]> {
  const { rows } = await db.query<Pick<Ownership, "id" | "epoch" | "owner">>({
    name: "list owners",
    text: "select id, epoch, owner from shard where kind = $1 order by id",
    values: [kind],
  });
  return rows;
}

export type ShardPosition = Pick<Ownership, "id" | "appliedSeq" | "appliedMsgId" | "appliedMs">;

/** How far every log shard has applied this log: 0 where it has not begun to read it. In id order. */
export async function listPositions(db: Queryable, logId: string): Promise<ShardPosition[]> {
  const { rows } = await db.query<ShardPosition>({
    name: "list positions",
    text: `select id, case when log_id = $1 then applied_seq else 0 end as "appliedSeq",
        applied_msg_id as "appliedMsgId", applied_ms as "appliedMs"
      from shard where kind = 'log' order by id`,
    values: [logId],
  });
  return rows;
}

/**
 * Takes the shards nobody else has taken since they were seen (L2): the epoch moves on, and with it every commit of
 * the former owner is refused. A commit in flight is waited for: one statement, never an idle transaction.
 * @returns those that are ours now.
 */
export async function claimShards(
  db: Queryable,
  kind: ShardKind,
  seen: readonly { readonly id: number; readonly epoch: number }[],
  owner: string,
): Promise<Ownership[]> {
  const { rows } = await db.query<Ownership>(
    `with seen as (select * from json_to_recordset($2::json) as x(id integer, epoch bigint)),
     locked as (select s.id from shard s join seen on s.id = seen.id
       where s.kind = $1 and s.epoch = seen.epoch order by s.id for update of s)
     update shard s set epoch = s.epoch + 1, owner = $3, commit_id = 0,
       deaths = case when s.owner is null or s.owner = $3 then s.deaths else s.deaths + 1 end,
       claimed_ms = (extract(epoch from clock_timestamp()) * 1000)::bigint
     from seen where s.kind = $1 and s.id = seen.id and s.epoch = seen.epoch and s.id in (select id from locked)
     returning ${columns.replace("id,", "s.id,").replace(" epoch,", " s.epoch,")}`,
    [kind, JSON.stringify(seen), owner],
  );
  return rows;
}

/** Gives shards back; what somebody else has claimed meanwhile is left alone. */
export async function releaseShards(
  db: Queryable,
  kind: ShardKind,
  held: readonly { readonly id: number; readonly epoch: number }[],
  owner: string,
): Promise<void> {
  await db.query(
    `update shard s set owner = null
     from json_to_recordset($2::json) as x(id integer, epoch bigint)
     where s.kind = $1 and s.id = x.id and s.epoch = x.epoch and s.owner = $3`,
    [kind, JSON.stringify(held), owner],
  );
}

/**
 * Begins a new incarnation of the log for a shard we hold: its first unapplied message is `appliedSeq + 1` (L6).
 * @returns whether we still held it.
 */
export async function adoptLog(
  db: Queryable,
  shard: { readonly id: number; readonly epoch: number },
  log: { readonly logId: string; readonly appliedSeq: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update shard set log_id = $3, applied_seq = $4, applied_msg_id = null, applied_ms = null
     where kind = 'log' and id = $1 and epoch = $2`,
    [shard.id, shard.epoch, log.logId, log.appliedSeq],
  );
  return rowCount === 1;
}

/** Notes the command that is about to be tried alone. @returns whether we still held the shard. */
export async function markSuspect(
  db: Queryable,
  shard: { readonly id: number; readonly epoch: number },
  suspect: Suspect,
): Promise<boolean> {
  const { rowCount } = await db.query(
    "update shard set suspect = $3 where kind = 'log' and id = $1 and epoch = $2",
    [shard.id, shard.epoch, suspect],
  );
  return rowCount === 1;
}

/**
 * Fixes the number of shards at the first start; later starts must agree.
 * @throws Fault `conflict` when the cluster was made with other numbers.
 */
export async function ensureCluster(
  db: Queryable,
  want: { readonly shards: number; readonly hashVersion: number },
): Promise<void> {
  await db.query(
    `with made as (
       insert into cluster (shards, hash_version, created_ms)
       values ($1, $2, (extract(epoch from clock_timestamp()) * 1000)::bigint)
       on conflict do nothing returning shards
     )
     insert into shard (kind, id) select kind, id from made, unnest(array['log', 'job']) as kind,
       generate_series(0, made.shards - 1) as id on conflict do nothing`,
    [want.shards, want.hashVersion],
  );
  const { rows } = await db.query<{ shards: number; hash_version: number }>(
    "select shards, hash_version from cluster",
  );
  const [is] = rows;
  if (is?.shards !== want.shards || is.hash_version !== want.hashVersion) {
    throw new Fault(
      "conflict",
      `this cluster was made with ${is?.shards} shards (hash version ${is?.hash_version}), ` +
        `the setting says ${want.shards} (${want.hashVersion}): set ROOKERY_SHARDS=${is?.shards}`,
    );
  }
}
