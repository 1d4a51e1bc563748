import { resolve } from "node:path";
import { readNatsUrl } from "./nats.ts";
import { readPostgresUrl } from "./postgres.ts";

/** Undefined for a server that does not run. */
export interface PrivateUrls {
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
}

/** Where the private servers of a data folder serve, whoever started them; for commands beside a running cluster. */
export async function readPrivateUrls(dataDir: string): Promise<PrivateUrls> {
  const folder = resolve(dataDir);
  const [databaseUrl, natsUrl] = await Promise.all([readPostgresUrl(folder), readNatsUrl(folder)]);
  return { databaseUrl, natsUrl };
}
