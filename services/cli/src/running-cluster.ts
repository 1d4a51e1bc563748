import { readPrivateUrls } from "@rookery/local";
import { ConfigError, type Log, openLog, readText } from "@rookery/runtime";
import { openStore, type Store } from "@rookery/store";
import { chooseDataDir } from "./data-folder.ts";
import type { DatabaseChoice } from "./database.ts";

export interface RunningCluster {
  readonly store: Store;
  /** Undefined when it has none that runs. */
  readonly natsUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly log: Log;
}

/**
 * Runs `work` on a cluster that others have running: that of `DATABASE_URL` and `NATS_URL`, or what is private of the
 * data folder. Starts nothing and makes nothing.
 *
 * @throws ConfigError when its database does not run.
 */
export async function withRunningCluster<T>(
  { data, env }: DatabaseChoice,
  work: (cluster: RunningCluster) => Promise<T>,
): Promise<T> {
  const dataDir = chooseDataDir(data, env);
  const found = await readPrivateUrls(dataDir);
  const url = readText(env, "DATABASE_URL", found.databaseUrl ?? "");
  if (url === "") {
    throw new ConfigError(
      `no cluster runs in ${dataDir}: start it (npm start), give its --data, or set DATABASE_URL and NATS_URL`,
    );
  }
  // Whoever looks wants the answer, and of the way to it only what went wrong.
  const log = openLog("cli", { LOG_LEVEL: "warn", LOG_FORMAT: "pretty", ...env });
  const store = openStore({ url, name: "rookery cli", connectionsMax: 1, log });
  try {
    return await work({
      store,
      natsUrl: readText(env, "NATS_URL", found.natsUrl ?? "") || undefined,
      redisUrl: readText(env, "REDIS_URL", found.redisUrl ?? "") || undefined,
      log,
    });
  } finally {
    await store.end();
  }
}
