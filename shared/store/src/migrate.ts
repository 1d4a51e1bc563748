import { readdir, readFile } from "node:fs/promises";
import pg from "pg";

/** One numbered step of the schema; `NNNN_name.up.sql` and `.down.sql` in `migration/`. */
interface Migration {
  readonly id: number;
  readonly name: string;
}

export interface MigrationStatus {
  readonly id: number;
  readonly name: string;
  readonly appliedAt: Date | null;
}

const folder = new URL("../migration/", import.meta.url);
/** Any constant will do; held while migrating so that processes starting at once take turns. */
export const advisoryLock = 7_665_539;

/** A process waits so long for those that came before it, and each of its statements for what is in use. */
const lockMsDefault = 60_000;
const lockNotAvailable = "55P03";

/**
 * Applies what is missing, at most `count` steps, each in a transaction of its own, under an advisory lock.
 * @throws Error when somebody else holds that for longer than `lockMsMax`
 */
export function migrateUp(
  url: string,
  count = Number.POSITIVE_INFINITY,
  options: { readonly lockMsMax?: number } = {},
): Promise<{ applied: string[] }> {
  return withLock(url, options.lockMsMax ?? lockMsDefault, async (connection) => {
    const applied: string[] = [];
    const missing = (await readStatus(connection)).filter((step) => step.appliedAt === null);
    for (const step of missing.slice(0, count)) {
      await run(connection, step, "up", "insert into migration (id, name) values ($1, $2)");
      applied.push(step.name);
    }
    return { applied };
  });
}

/** Takes back the newest `count` steps. */
export function migrateDown(url: string, count = 1): Promise<{ reverted: string[] }> {
  return withLock(url, lockMsDefault, async (connection) => {
    const applied = (await readStatus(connection)).filter((step) => step.appliedAt !== null);
    const reverted: string[] = [];
    for (const step of applied.toReversed().slice(0, count)) {
      await run(connection, step, "down", "delete from migration where id = $1 and name = $2");
      reverted.push(step.name);
    }
    return { reverted };
  });
}

/** Every step in order, with when it was applied. */
export function migrationStatus(url: string): Promise<MigrationStatus[]> {
  return withLock(url, lockMsDefault, readStatus);
}

async function withLock<T>(
  url: string,
  lockMsMax: number,
  work: (connection: pg.Client) => Promise<T>,
): Promise<T> {
  const connection = new pg.Client({ connectionString: url, application_name: "rookery migrate" });
  await connection.connect();
  try {
    await connection.query(`set lock_timeout = ${lockMsMax}`);
    await connection.query("select pg_advisory_lock($1)", [advisoryLock]).catch((cause: unknown) => {
      const isLate = cause instanceof pg.DatabaseError && cause.code === lockNotAvailable;
      throw isLate ? new Error(`another process has been migrating for ${lockMsMax} ms`, { cause }) : cause;
    });
    await connection.query(
      "create table if not exists migration (id int primary key, name text not null, applied_at timestamptz not null default now())",
    );
    return await work(connection);
  } finally {
    await connection.end();
  }
}

async function readStatus(connection: pg.Client): Promise<MigrationStatus[]> {
  const { rows } = await connection.query<{ id: number; applied_at: Date }>(
    "select id, applied_at from migration",
  );
  const appliedAt = new Map(rows.map((row) => [row.id, row.applied_at]));
  const names = (await readdir(folder)).filter((file) => file.endsWith(".up.sql")).toSorted();
  return names.map((file) => {
    const name = file.slice(0, -".up.sql".length);
    const id = Number.parseInt(name, 10);
    return { id, name, appliedAt: appliedAt.get(id) ?? null };
  });
}

async function run(
  connection: pg.Client,
  step: Migration,
  direction: "up" | "down",
  mark: string,
): Promise<void> {
  const sql = await readFile(new URL(`${step.name}.${direction}.sql`, folder), "utf8");
  await connection.query("begin");
  try {
    await connection.query(sql);
    await connection.query(mark, [step.id, step.name]);
    await connection.query("commit");
  } catch (error) {
    await connection.query("rollback");
    throw new Error(`migration ${step.name} (${direction}) failed`, { cause: error });
  }
}
