import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startParts } from "@rookery/local";
import { ConfigError, type Env, openLog, readText } from "@rookery/runtime";
import { migrateUp, migrationStatus, openStore, type Store } from "@rookery/store";

export interface DatabaseChoice {
  /** `--data`, when given. */
  readonly data: string | undefined;
  readonly env: Env;
}

/**
 * Runs `work` on the database that a command means: `DATABASE_URL`; else the private one of the data folder,
 * whether a cluster has it running or it is started for this moment.
 *
 * @throws ConfigError when there is none to be had.
 */
export async function withDatabase<T>(
  { data, env }: DatabaseChoice,
  work: (database: { readonly url: string; readonly isPrivate: boolean }) => Promise<T>,
): Promise<T> {
  const given = readText(env, "DATABASE_URL", "");
  if (given !== "") return work({ url: given, isPrivate: false });
  const dataDir = resolve(data ?? readText(env, "ROOKERY_DATA", ".rookery"));
  const running = await readRunningUrl(dataDir);
  if (running !== undefined) return work({ url: running, isPrivate: true });
  const parts = await startParts({
    dataDir,
    env,
    only: ["postgres"],
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  try {
    return await work({ url: parts.databaseUrl, isPrivate: true });
  } finally {
    await parts.close();
  }
}

/**
 * As `withDatabase`, with a pool. A private database is brought to the newest schema first; another is its
 * owner's to migrate.
 */
export function withStore<T>(choice: DatabaseChoice, work: (store: Store) => Promise<T>): Promise<T> {
  return withDatabase(choice, async ({ url, isPrivate }) => {
    if (isPrivate) await migrateUp(url);
    else if ((await migrationStatus(url)).some((step) => step.appliedAt === null)) {
      throw new ConfigError("the database lacks steps of the schema: run `rookery migrate up` first");
    }
    const log = openLog("cli", choice.env);
    const store = openStore({ url, name: "rookery cli", connectionsMax: 1, log });
    try {
      return await work(store);
    } finally {
      await store.end();
    }
  });
}

/** The private database that a running cluster serves from this folder (`postgres.ts` of `@rookery/local`). */
async function readRunningUrl(dataDir: string): Promise<string | undefined> {
  const [state, password] = await Promise.all([
    readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8").catch(() => ""),
    readFile(join(dataDir, "postgres.password"), "utf8").catch(() => ""),
  ]);
  const [pid, , , port, , , , status] = state.split("\n");
  if (status?.trim() !== "ready" || !(await isPostgres(Number(pid)))) return undefined;
  return `postgres://rookery:${password.trim()}@127.0.0.1:${port}/rookery`;
}

/** A file left by a crash may name a process that is another by now. */
async function isPostgres(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.trim() === "postgres";
}
