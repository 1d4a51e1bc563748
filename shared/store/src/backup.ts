/**
 * All rows of a database as lines of text, taken in one snapshot while the cluster goes on, and put back into an empty one.
 *
 *   {"format":"rookery-backup-1","steps":[…],"takenMs":…}
 *   {"table":"users"}
 *   {…}                        a row as Postgres writes it in JSON, its numbers untouched
 *   {"end":{"users":3,…},"sequences":{"public.users_id_seq":"3",…}}
 *
 * Rows are never parsed here: what Postgres wrote, Postgres reads. The last line says how many there are of each table, so
 * that half a backup is known for what it is.
 */
import pg from "pg";
import { migrateDown, migrateUp, migrationStatus } from "./migrate.ts";

const format = "rookery-backup-1";
/** Rows asked for at once. */
const rowsMax = 1_000;
/** Of the text of rows that are put back by one statement; one row may be larger. */
const batchCharsMax = 4 * 1_024 * 1_024;
/** Owners of a restored cluster begin above every epoch that any process has heard of. */
const epochStep = 1_000_000;
const ownTable = "migration";

interface Head {
  readonly format: string;
  readonly steps: readonly string[];
  readonly takenMs: number;
}

interface Tail {
  readonly end: Readonly<Record<string, number>>;
  readonly sequences: Readonly<Record<string, string>>;
}

export type BackupCounts = Readonly<Record<string, number>>;

/** Writes a backup line by line. `write` is awaited: whoever is slow is waited for, and the snapshot with it. */
export async function writeBackup(
  url: string,
  write: (line: string) => Promise<void>,
  nowMs: number,
): Promise<BackupCounts> {
  return await withClient(url, async (client) => {
    await client.query("begin isolation level repeatable read read only");
    const { rows: steps } = await client.query<{ name: string }>(`select name from ${ownTable} order by id`);
    const head: Head = { format, steps: steps.map(({ name }) => name), takenMs: nowMs };
    await write(JSON.stringify(head));
    const end: Record<string, number> = {};
    for (const table of await readTables(client)) {
      await write(JSON.stringify({ table }));
      end[table] = 0;
      const name = client.escapeIdentifier(table);
      await client.query(
        `declare backup no scroll cursor for select row_to_json(t)::text as row from ${name} t`,
      );
      for (;;) {
        const { rows } = await client.query<{ row: string }>(`fetch ${rowsMax} from backup`);
        for (const { row } of rows) await write(row);
        end[table] += rows.length;
        if (rows.length < rowsMax) break;
      }
      await client.query("close backup");
    }
    const { rows: sequences } = await client.query<{ name: string; last: string | null }>(
      "select format('%I.%I', schemaname, sequencename) as name, last_value::text as last from pg_sequences where schemaname = 'public'",
    );
    const told = sequences.flatMap(({ name, last }) => (last === null ? [] : [[name, last] as const]));
    await write(JSON.stringify({ end, sequences: Object.fromEntries(told) } satisfies Tail));
    await client.query("commit");
    return end;
  });
}

/**
 * Puts a backup into a database that holds nothing yet, whole or not at all, and brings its schema up to now.
 *
 * Every shard is left without an owner and with a new epoch. Its offset stays: the worker that claims it sees that the log is
 * another one, or an older one's rest, and begins a new incarnation (L6).
 *
 * @throws Error when the database is not empty or in use, or the backup is no whole one of a schema that is known here.
 */
export async function readBackup(url: string, lines: AsyncIterable<string>): Promise<BackupCounts> {
  const source = lines[Symbol.asyncIterator]();
  const head = parseHead(await next(source));
  await makeRoom(url, head.steps);
  const counts = await withClient(url, async (client) => {
    await client.query("begin");
    const tables = await readTables(client);
    const names = tables.map((table) => client.escapeIdentifier(table));
    await client.query(`truncate ${names.join(", ")}`);
    for (const name of names) await client.query(`alter table ${name} disable trigger user`);
    const tail = await fill(client, source);
    for (const name of names) await client.query(`alter table ${name} enable trigger user`);
    for (const [name, last] of Object.entries(tail.sequences)) {
      await client.query("select setval($1::regclass, $2::bigint)", [name, last]);
    }
    await client.query("update shard set owner = null, epoch = epoch + $1", [epochStep]);
    await client.query("commit");
    return tail.end;
  });
  await migrateUp(url);
  return counts;
}

async function makeRoom(url: string, steps: readonly string[]): Promise<void> {
  const known = (await migrationStatus(url)).map(({ name }) => name);
  if (!steps.every((step, index) => known[index] === step)) {
    throw new Error(
      "the backup is of a schema that is not known here: restore it with the version that made it, or a later one",
    );
  }
  await migrateUp(url);
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ used: boolean; busy: boolean }>(
      `select exists (select from users) or exists (select from message) as used,
              exists (select from pg_stat_activity where datname = current_database()
                      and application_name ~ '^(edge|worker|courier)') as busy`,
    );
    if (rows[0]?.busy === true) throw new Error("processes are connected to this database: stop them first");
    if (rows[0]?.used === true)
      throw new Error("the database is not empty: a backup is restored into a new one");
  });
  if (known.length > steps.length) await migrateDown(url, known.length - steps.length);
}

/** Reads tables and rows until the last line. @throws Error when it does not come, or counts otherwise. */
async function fill(client: pg.Client, source: AsyncIterator<string>): Promise<Tail> {
  const counts: Record<string, number> = {};
  let table = "";
  let batch: string[] = [];
  let chars = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const name = client.escapeIdentifier(table);
    await client.query(
      `insert into ${name} overriding system value select * from json_populate_recordset(null::${name}, $1::json)`,
      [`[${batch.join(",")}]`],
    );
    counts[table] = (counts[table] ?? 0) + batch.length;
    batch = [];
    chars = 0;
  };
  for (;;) {
    const line = await next(source);
    // Rows come from Postgres and begin with a column; of ours there are two kinds of lines.
    const own = /^\{"(table|end)":/.exec(line)?.[1];
    if (own === "end" && isTail(line)) {
      await flush();
      const tail = JSON.parse(line) as Tail;
      for (const [name, count] of Object.entries(tail.end)) {
        if ((counts[name] ?? 0) !== count)
          throw new Error(`${name} has ${counts[name] ?? 0} rows, not ${count}`);
      }
      return tail;
    }
    if (own === "table") {
      await flush();
      ({ table } = JSON.parse(line) as { table: string });
      continue;
    }
    if (chars + line.length > batchCharsMax || batch.length >= rowsMax) await flush();
    batch.push(line);
    chars += line.length;
  }
}

function isTail(line: string): boolean {
  return /^\{"end":\{[^{}]*\},"sequences":\{[^{}]*\}\}$/.test(line);
}

function parseHead(line: string): Head {
  try {
    const head = JSON.parse(line) as Partial<Head> | null;
    if (head?.format === format && Array.isArray(head.steps)) return head as Head;
  } catch {
    // No JSON is no backup either.
  }
  throw new Error(`this is no backup of ours (${format})`);
}

async function next(source: AsyncIterator<string>): Promise<string> {
  const { value, done } = await source.next();
  if (done === true) throw new Error("the backup ends before its last line: it is not whole");
  return value;
}

/** All of ours, those that others refer to first. */
async function readTables(client: pg.Client): Promise<string[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> $1
     order by relname`,
    [ownTable],
  );
  const { rows: references } = await client.query<{ from: string; to: string }>(
    `select a.relname as from, b.relname as to from pg_constraint c
       join pg_class a on a.oid = c.conrelid join pg_class b on b.oid = c.confrelid
      where c.contype = 'f' and a.oid <> b.oid`,
  );
  const sorted: string[] = [];
  let waiting = tables.map(({ name }) => name);
  while (waiting.length > 0) {
    const ready = waiting.filter((name) =>
      references.every(({ from, to }) => from !== name || !waiting.includes(to)),
    );
    if (ready.length === 0) throw new Error(`tables refer to each other in a circle: ${waiting.join(", ")}`);
    sorted.push(...ready);
    waiting = waiting.filter((name) => !ready.includes(name));
  }
  return sorted;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "rookery backup" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
