import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answers } from "./dialogue.ts";
import type { PartContext, PreparedPart } from "./part.ts";
import { awaitGone } from "./process-table.ts";
import { readOrMakePassword } from "./secret-file.ts";
import { findServerBinary } from "./server-binary.ts";
import { waitUntil } from "./wait.ts";

export const redisWish = {
  names: ["redis-server", "valkey-server"],
  variable: "ROOKERY_REDIS_SERVER",
  versionMin: [6, 2],
  package: { name: "redis-server", withDependencies: true },
} as const;

/** Finds the server and gives it a folder and a password. */
export async function prepareRedis(context: PartContext): Promise<PreparedPart> {
  const binary = await findServerBinary(redisWish, context);
  const folder = join(context.dataDir, "redis");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const password = await readOrMakePassword(join(context.dataDir, "redis.password"));
  const configFile = join(folder, "redis.conf");
  const { libraryPath } = binary;
  return {
    version: binary.version,
    program: binary.path,
    plan: async (port) => {
      await writeFile(configFile, encodeConfig(port, folder, password), { mode: 0o600 });
      return {
        url: encodeUrl(port, password),
        program: {
          name: "redis",
          command: { command: binary.path, args: [configFile] },
          env: { ...process.env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) },
          cwd: folder,
          stdio: ["ignore", context.logFd, context.logFd],
          deathSignal: "KILL",
          prepare: () => awaitGone(["redis-server", "valkey-server"], folder, 2_000),
          ready: (_child, signal) =>
            waitUntil(() => answers(port, `AUTH ${password}\r\nPING\r\n`, /\+PONG/), signal),
          readyMsMax: 30_000,
          stopSignal: "SIGTERM",
          stopMsMax: 10_000,
        },
      };
    },
  };
}

/** Where the server of a data folder answers; undefined: it does not run. */
export async function readRedisUrl(dataDir: string): Promise<string | undefined> {
  const config = await readFile(join(dataDir, "redis", "redis.conf"), "utf8").catch(() => "");
  const port = /^port (\d+)$/m.exec(config)?.[1];
  const password = /^requirepass (\S+)$/m.exec(config)?.[1];
  if (port === undefined || password === undefined) return undefined;
  // The port of a file left by a crash may be another server's by now: that one does not know the password.
  const isOurs = await answers(Number(port), `AUTH ${password}\r\nPING\r\n`, /\+PONG/).catch(() => false);
  return isOurs ? encodeUrl(Number(port), password) : undefined;
}

function encodeUrl(port: number, password: string): string {
  return `redis://:${password}@127.0.0.1:${port}`;
}

function encodeConfig(port: number, folder: string, password: string): string {
  return [
    "# Written at every start.",
    "bind 127.0.0.1",
    `port ${port}`,
    `dir ${JSON.stringify(folder)}`,
    `requirepass ${password}`,
    "daemonize no",
    "appendonly yes",
    "appendfsync everysec",
    "stop-writes-on-bgsave-error no",
    "always-show-logo no",
    "",
  ].join("\n");
}
