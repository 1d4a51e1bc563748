import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readText } from "@rookery/runtime";
import { migrateUp } from "@rookery/store";
import type { Role } from "./child.ts";
import { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import { type Command, parseFlags } from "./command.ts";
import { watchNpm } from "./npm-watch.ts";
import { watchSources } from "./source-watch.ts";
import { simulatorProgram, startTelegramSimulator, type TelegramSimulator } from "./telegram-simulator.ts";
import { readUpConfig, type UpConfig, upFlags } from "./up-config.ts";

/** Ctrl-C below npm arrives twice, from the terminal and forwarded by npm; that is one wish. */
const signalGapMs = 500;

export const up: Command = {
  name: "up",
  summary: "starts the whole cluster on this machine (npm start)",
  usage: [
    "Usage: rookery up [flags]        npm start -- [flags]",
    "",
    "Starts Postgres, NATS and Redis of its own (each unless DATABASE_URL, NATS_URL, REDIS_URL name one),",
    "then the processes of the cluster, and keeps them running until Ctrl-C.",
    "",
    ...upFlags.map(
      ({ flag, variable, fallback, text }) =>
        `  --${flag.padEnd(12)} ${variable.padEnd(17)} ${text} (${fallback})`,
    ),
    "  --watch       for developers: when a source changes, the processes are started again, one after the other (npm run dev)",
    "",
    "Further variables: PUBLIC_URL, JWT_PRIVATE_KEY_FILE, MASTER_KEY_FILE, WEBHOOK_ALLOW_PRIVATE, TELEGRAM_API_ROOT,",
    "STATSD_URL, METRICS_TOKEN, METRICS_PORT, DRAIN_MS, LOG_LEVEL, LOG_FORMAT=json|pretty, ROOKERY_NATS_SERVER,",
    "ROOKERY_REDIS_SERVER (paths of the servers' programs).",
    "",
  ].join("\n"),

  async run(args, env) {
    const { values, switches } = parseFlags(
      args,
      upFlags.map(({ flag }) => flag),
      ["watch"],
    );
    return await runUp(readUpConfig(values, env), {
      ...(switches.has("watch") ? { watched: sourceFolders() } : {}),
      programs: { edge: programOf("edge"), worker: programOf("worker"), courier: programOf("courier") },
      migrate: migrateUp,
      simulatorProgram,
    });
  },
};

/** Runs a cluster until a signal. @returns the exit code. @throws what `startCluster` throws. */
export async function runUp(
  config: UpConfig,
  options: Pick<ClusterOptions, "programs" | "migrate"> & {
    readonly simulatorProgram: string;
    /** Folders of sources: when one changes, all processes of ours are replaced, one after the other. */
    readonly watched?: readonly string[];
  },
): Promise<number> {
  // Whoever reads our output may be gone before us.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const stop = new AbortController();
  let cluster: Cluster | undefined;
  let simulator: TelegramSimulator | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;

  const ask = (why: string): void => {
    const nowMs = performance.now();
    if (stop.signal.aborted) {
      if (nowMs - askedMs < signalGapMs) return;
      progress(`${why} again: ending everything at once`);
      cluster?.kill();
      // What is not in `cluster` yet, the kernel ends with us.
      process.exit(1);
    }
    askedMs = nowMs;
    progress(`${why}: stopping`);
    stop.abort(new Error(why));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ask(signal));
  await watchNpm(() => ask("npm is gone"));

  const startMs = performance.now();
  progress(`data folder ${config.dataDir}`);
  try {
    if (config.telegram === "simulator") {
      simulator = await startTelegramSimulator(options.simulatorProgram, { env: config.env, progress });
    }
    cluster = await startCluster(withSimulator(withLocalDefaults(config), simulator), {
      ...options,
      progress,
      onPids: (line) => void process.stdout.write(`${line}\n`),
      signal: stop.signal,
    });
  } catch (error) {
    await simulator?.close();
    if (stop.signal.aborted) return 0;
    throw error;
  }
  process.stdout.write(`rookery ready ${cluster.urls.join(" ")}\n${cluster.pidsLine}\n`);
  progress(
    encodeWelcome(cluster.urls, performance.now() - startMs, simulator?.welcome(cluster.urls[0] ?? "") ?? []),
  );

  const started = cluster;
  const sources =
    options.watched === undefined
      ? undefined
      : watchSources({
          folders: options.watched,
          onChange: async (file) => {
            progress(`${file} has changed: starting the processes again, one after the other`);
            await started.restart();
          },
          onError: (error) => progress(`sources cannot be watched: ${String(error)}`),
        });

  if (!stop.signal.aborted) {
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
  }
  await sources?.close();
  await cluster.close();
  // The couriers have said to it what they had to say.
  await simulator?.close();
  progress(`stopped in ${((performance.now() - askedMs) / 1000).toFixed(1)} s`);
  return 0;
}

/** What processes of ours are made of. Migrations are applied at the next start. */
function sourceFolders(): string[] {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const packages = ["actors", "services", "shared"].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).map(({ name }) =>
      join(root, folder, name, "src"),
    ),
  );
  return packages.filter((folder) => existsSync(folder));
}

function programOf(role: Role): string {
  return fileURLToPath(new URL(`../../${role}/src/main.ts`, import.meta.url));
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A private database means somebody tries it out here, and then webhooks go to loopback. */
function withLocalDefaults(config: UpConfig): UpConfig {
  const { env } = config;
  if (readText(env, "DATABASE_URL", "") !== "" || readText(env, "WEBHOOK_ALLOW_PRIVATE", "") !== "")
    return config;
  progress("WEBHOOK_ALLOW_PRIVATE=true, since DATABASE_URL is not set: webhooks may go to private addresses");
  return { ...config, env: { ...env, WEBHOOK_ALLOW_PRIVATE: "true" } };
}

function withSimulator(config: UpConfig, simulator: TelegramSimulator | undefined): UpConfig {
  return simulator === undefined
    ? config
    : { ...config, env: { ...config.env, TELEGRAM_API_ROOT: simulator.url } };
}

function encodeWelcome(urls: readonly string[], startMs: number, more: readonly string[]): string {
  const [url = ""] = urls;
  return [
    "",
    `Rookery serves after ${(startMs / 1000).toFixed(1)} s. Ctrl-C stops it; the data stays.`,
    ...urls.map((one) => `  ${one}   sockets: ${one.replace("http", "ws")}/v1/ws`),
    "Try a first account (the answer holds the accessToken for all that follows, see README.md):",
    `  curl -s ${url}/v1/auth/register -H 'content-type: application/json' \\`,
    `    -d '{"email":"ada@example.com","password":"correct horse","displayName":"Ada"}'`,
    "",
    ...more,
  ].join("\n");
}
