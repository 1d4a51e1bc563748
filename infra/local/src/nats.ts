import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answers } from "./dialogue.ts";
import type { PartContext, PreparedPart } from "./part.ts";
import { awaitGone, findProcesses } from "./process-table.ts";
import { findServerBinary } from "./server-binary.ts";
import { waitUntil } from "./wait.ts";

export const natsWish = {
  names: ["nats-server"],
  variable: "ROOKERY_NATS_SERVER",
  versionMin: [2, 10],
  package: {
    name: "nats-server",
    // Where the release's own is older than 2.10; it is one program that needs a libc only.
    suites: { bookworm: "trixie", bullseye: "trixie", jammy: "noble", focal: "noble" },
    withDependencies: false,
  },
} as const;

const folderName = "nats";
const configName = "nats.conf";

/** Finds the server and gives it a folder for its streams. */
export async function prepareNats(context: PartContext): Promise<PreparedPart> {
  const binary = await findServerBinary(natsWish, context);
  const folder = join(context.dataDir, folderName);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const configFile = join(folder, configName);
  return {
    version: binary.version,
    program: binary.path,
    plan: async (port) => {
      await writeFile(configFile, encodeConfig(port, folder), { mode: 0o600 });
      return {
        url: encodeUrl(port),
        program: {
          name: "nats",
          command: { command: binary.path, args: ["-c", configFile] },
          cwd: folder,
          stdio: ["ignore", context.logFd, context.logFd],
          deathSignal: "KILL",
          prepare: () => awaitGone(["nats-server"], folder, 2_000),
          // It listens to clients once its streams are recovered.
          ready: (_child, signal) =>
            waitUntil(() => answers(port, "", /^INFO .*"jetstream":\s*true/), signal),
          readyMsMax: 60_000,
          stopSignal: "SIGINT",
          stopMsMax: 10_000,
        },
      };
    },
  };
}

/** The URL of the server that somebody runs in a data folder; undefined when none runs there. */
export async function readNatsUrl(dataDir: string): Promise<string | undefined> {
  const folder = join(dataDir, folderName);
  const config = await readFile(join(folder, configName), "utf8").catch(() => "");
  const port = /^listen: "127\.0\.0\.1:(\d+)"$/m.exec(config)?.[1];
  if (port === undefined) return undefined;
  // The port of a file left by a crash may be another server's by now.
  const running = await findProcesses(natsWish.names, await realpath(folder));
  return running.length === 0 ? undefined : encodeUrl(Number(port));
}

function encodeUrl(port: number): string {
  return `nats://127.0.0.1:${port}`;
}

function encodeConfig(port: number, folder: string): string {
  return [
    "# Written at every start.",
    'server_name: "rookery-local"',
    `listen: "127.0.0.1:${port}"`,
    "max_payload: 8MB",
    "max_pending: 64MB",
    `jetstream { store_dir: ${JSON.stringify(folder)} }`,
    "",
  ].join("\n");
}
