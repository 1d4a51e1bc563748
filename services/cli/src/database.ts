import { readPrivateUrls, startParts } from "@rookery/local";
import { ConfigError, type Env, openLog, readText } from "@rookery/runtime";
import { migrateUp, migrationStatus, openStore, type Store } from "@rookery/store";
import { chooseDataDir } from "./data-folder.ts";

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
  const dataDir = chooseDataDir(data, env);
  const { databaseUrl } = await readPrivateUrls(dataDir);
  if (databaseUrl !== undefined) return work({ url: databaseUrl, isPrivate: true });
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
