import type { Queryable } from "./pool.ts";
import { type Row, recordset, type TableName, tableNames, writers } from "./table.ts";

/**
 * A shard's claim on a commit: it holds the shard under `epoch`, has applied the log up to `fromSeq`, and after
 * this commit has applied it up to `toSeq` (L2, L6).
 */
export interface Fence {
  readonly shard: number;
  readonly epoch: number;
  readonly logId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Names the commit among those of its epoch, from 1: the same commit sent twice is done once. */
  readonly commitId: number;
  /** Of the message at `toSeq`: what recognises the log after a loss. */
  readonly toMsgId: string | null;
  readonly toMs: number;
  /** What the facts were numbered when it was decided (`fact_version`); null: it does not depend on them. */
  readonly factVersion: number | null;
}

/** What names a command for ever (L3). */
export interface CommandName {
  /** `chat:5` */
  readonly actor: string;
  /** Of an actor whose messages are its own record of them; null: what it has done is in `outcome` alone. */
  readonly chatId: number | null;
  readonly senderId: number;
  readonly uuid: string;
}

/** The rows of one shard. */
export interface ShardRows {
  readonly shard: number;
  readonly rows: readonly Row[];
  /** What was decided as never done before, without having been looked up: where it was, nothing of the shard is written. */
  readonly names?: readonly CommandName[];
}

/**
 * The fenced commit: offsets and rows of many shards in **one statement**, so in one round trip and one implicit
 * transaction.
 *
 * A shard whose row no longer matches its fence (another owner's epoch, another offset, another log, other facts), or one of
 * whose `names` has an outcome, has none of its rows written; the others' are. Shard rows are locked in id order, so two owners that overlap wait instead of
 * deadlocking. A process stopped at any instruction holds no lock: Postgres either has the whole statement, and
 * finishes it alone, or nothing of it.
 *
 * @returns the shards that were committed.
 * @throws when Postgres refuses a row (`isRefusal`; nothing is written) or cannot be reached (outcome unknown: read
 *   the shard rows again, or repeat the identical commit, which the fence makes harmless).
 */
export async function commit(
  connection: Queryable,
  fences: readonly Fence[],
  batches: readonly ShardRows[],
): Promise<Set<number>> {
  const tables = gather(batches);
  const names = [...tables.keys()].toSorted();
  const { rows } = await connection.query<{ id: number }>({
    name: `commit ${mask(names)}`,
    text: statement(names),
    values: [
      JSON.stringify(fences),
      JSON.stringify(batches.flatMap(namesOf)),
      ...names.map((name) => JSON.stringify(tables.get(name))),
    ],
  });
  return new Set(rows.map((row) => row.id));
}

function namesOf({ shard, names = [] }: ShardRows): object[] {
  return names.map((name) => ({ shardId: shard, ...name }));
}

/** Rows by table, the last of a key winning; but a new message takes nobody's place, and one that is changed is new still. */
function gather(batches: readonly ShardRows[]): Map<TableName, object[]> {
  const tables = new Map<TableName, Map<string, object>>();
  let unkeyed = 0;
  for (const { shard, rows } of batches) {
    for (const { table, row } of rows) {
      const { key } = writers[table];
      const fields = row as unknown as Readonly<Record<string, unknown>>;
      let name = key === null ? `#${unkeyed++}` : key.map((column) => fields[column]).join(":");
      const made = tables.get("message");
      const isNew = made?.has(name) === true && (table === "message" || table === "messageChange");
      if (isNew && table === "message") name = `#${unkeyed++}`;
      const home = isNew ? "message" : table;
      let place = tables.get(home);
      if (place === undefined) tables.set(home, (place = new Map()));
      place.set(name, { shardId: shard, ...row });
    }
  }
  return new Map([...tables].map(([table, rows]) => [table, [...rows.values()]]));
}

/** Names a statement by its tables; spelled out, a name could outgrow the 63 bytes Postgres keeps. */
function mask(names: readonly TableName[]): number {
  return names.reduce((sum, name) => sum + 2 ** tableNames.indexOf(name), 0);
}

const statements = new Map<string, string>();

function statement(names: readonly TableName[]): string {
  const key = names.join(" ");
  let text = statements.get(key);
  if (text === undefined) statements.set(key, (text = build(names)));
  return text;
}

function build(names: readonly TableName[]): string {
  const writes = names.map((name, index) => {
    const source = `${recordset(name, index + 3)} where r."shardId" in (select id from fenced)`;
    return `, write_${name.toLowerCase()} as (${writers[name].sql(source)})`;
  });
  return `with fence as (
  select * from json_to_recordset($1::json) as f(shard integer, epoch bigint, "logId" text,
    "fromSeq" bigint, "toSeq" bigint, "toMsgId" text, "toMs" bigint, "commitId" bigint, "factVersion" bigint)
), named as (
  select * from json_to_recordset($2::json)
    as n("shardId" integer, actor text, "chatId" bigint, "senderId" bigint, uuid text)
), repeated as (
  select n."shardId" as id from named n cross join lateral (select from message m
    where m.chat_id = n."chatId" and m.sender_id = n."senderId" and m.uuid = n.uuid limit 1) m
  union all
  select n."shardId" from named n cross join lateral (select from outcome o
    where o.actor = n.actor and o.sender_id = n."senderId" and o.uuid = n.uuid limit 1) o
), locked as (
  select s.id from shard s where s.kind = 'log' and s.id = any (array(select shard from fence))
  order by s.id for update of s
), fenced as (
  update shard s set applied_seq = f."toSeq", 
    applied_msg_id = case when f."toSeq" = f."fromSeq" then s.applied_msg_id else f."toMsgId" end,
    applied_ms = case when f."toSeq" = f."fromSeq" then s.applied_ms else f."toMs" end,
    commit_id = f."commitId", deaths = 0, suspect = null
  from fence f where (select count(*) from locked) >= 0
    and s.kind = 'log' and s.id = f.shard
    and s.epoch = f.epoch and s.applied_seq = f."fromSeq" and s.log_id = f."logId"
    and s.commit_id < f."commitId"
    and s.id not in (select id from repeated)
    and (f."factVersion" is null or f."factVersion" = (select version from fact_version))
  returning s.id
)${writes.join("")}
select id from fenced`;
}
