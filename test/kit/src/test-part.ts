import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PartName, type Parts, startParts } from "@rookery/local";

/** Where the runner tells a test file which servers are this run's. A test never touches another database. */
export const partVariables: Readonly<Record<PartName, string>> = {
  postgres: "ROOKERY_TEST_DATABASE_URL",
  nats: "ROOKERY_TEST_NATS_URL",
  redis: "ROOKERY_TEST_REDIS_URL",
};

/** Parts of one test file, which runs without the runner or wants its own: one of each a process, ended with it. */
const own = new Map<PartName, Promise<string>>();

/** The URL of this run's Postgres, NATS or Redis. */
export function partUrl(name: PartName): Promise<string> {
  const given = process.env[partVariables[name]];
  if (given !== undefined && given !== "") return Promise.resolve(given);
  return ownPart(name);
}

function ownPart(name: PartName): Promise<string> {
  const started = own.get(name) ?? startOwn(name);
  own.set(name, started);
  return started;
}

/** This run's NATS, with JetStream. Shared by all files: take names of your own for streams and subjects. */
export function natsUrl(): Promise<string> {
  return partUrl("nats");
}

/** A NATS of this file alone: hosts that share one are one cluster, and would take shards from each other. */
export function ownNatsUrl(): Promise<string> {
  return ownPart("nats");
}

/** This run's Redis. Shared by all files: take keys of your own. */
export function redisUrl(): Promise<string> {
  return partUrl("redis");
}

async function startOwn(name: PartName): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "rookery-test-"));
  const parts = await startParts({ dataDir, env: withoutServers(process.env), only: [name] });
  parts.unref();
  process.once("exit", () => {
    parts.kill();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return urlOf(parts, name);
}

export function urlOf(parts: Parts, name: PartName): string {
  return { postgres: parts.databaseUrl, nats: parts.natsUrl, redis: parts.redisUrl }[name];
}

/** The environment without the servers somebody may have in their shell. */
export function withoutServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, NATS_URL: _nats, REDIS_URL: _redis, ...rest } = env;
  return rest;
}
