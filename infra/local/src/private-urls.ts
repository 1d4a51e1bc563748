import { resolve } from "node:path";
import { readNatsUrl } from "./nats.ts";
import { readRedisUrl } from "./redis.ts";
import { readPostgresUrl } from "./postgres.ts";

/** Undefined for a server that does not run. */
export interface PrivateUrls {
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly redisUrl: string | undefined;
}

/** Where the private servers of a data folder serve, whoever started them; for commands beside a running cluster. */
export async function readPrivateUrls(dataDir: string): Promise<PrivateUrls> {
  const folder = resolve(dataDir);
  const [databaseUrl, natsUrl, redisUrl] = await Promise.all([
    readPostgresUrl(folder),
    readNatsUrl(folder),
    readRedisUrl(folder),
  ]);
  return { databaseUrl, natsUrl, redisUrl };
}
