import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, realpath, rename } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, type Env, readText } from "@rookery/runtime";
import { whyUnreachable } from "./dialogue.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { type Keeper, keep } from "./keeper.ts";
import { prepareNats } from "./nats.ts";
import type { PartContext, PartName, PreparedPart } from "./part.ts";
import { findFreePort, whyPortTaken } from "./port.ts";
import { preparePostgres } from "./postgres.ts";
import { prepareRedis } from "./redis.ts";
import { readTether } from "./tether.ts";

export interface PartsOptions {
  /** Made if needed; taken for this process until `close`. */
  readonly dataDir: string;
  /** The folder's lock, if it is held already; given back at `close` all the same. */
  readonly lock?: FolderLock;
  /** `DATABASE_URL`, `NATS_URL`, `REDIS_URL`: one that is set is used, and nothing started for it. */
  readonly env: Env;
  /** Those wanted; all three if not given. */
  readonly only?: readonly PartName[];
  /** One line about what is happening. */
  readonly progress?: (line: string) => void;
  /** Called when a part that ended serves again, on the same port. */
  readonly onRestart?: (name: PartName, pid: number) => void;
  /** Aborting it while starting stops what has been started; `startParts` rejects. */
  readonly signal?: AbortSignal;
}

export interface Parts {
  /** Empty for a part that was not wanted. */
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  /** Of the private ones that run now. */
  readonly pids: Readonly<Partial<Record<PartName, number>>>;
  /** Paths of the programs of the private ones. */
  readonly programs: Readonly<Partial<Record<PartName, string>>>;
  /** Stops them all and gives the folder back. Resolves when no process is left. */
  close(): Promise<void>;
  /** Ends them at once, unclean; they repair themselves at the next start. */
  kill(): void;
  /** Lets this process end although they run; the kernel ends them with it. */
  unref(): void;
}

interface PartKind {
  readonly variable: string;
  readonly defaultPort: number;
  readonly prepare: (context: PartContext) => Promise<PreparedPart>;
}

interface RunningPart {
  readonly url: string;
  readonly keeper?: Keeper;
}

const kinds: Readonly<Record<PartName, PartKind>> = {
  postgres: { variable: "DATABASE_URL", defaultPort: 5432, prepare: preparePostgres },
  nats: { variable: "NATS_URL", defaultPort: 4222, prepare: prepareNats },
  redis: { variable: "REDIS_URL", defaultPort: 6379, prepare: prepareRedis },
};
const names = ["postgres", "nats", "redis"] as const satisfies readonly PartName[];
const restartMs = 1_000;
/** How often a port that somebody took between choosing and using it is chosen anew. */
const portTriesMax = 3;
const shownLogLines = 5;

/**
 * Starts a private Postgres, NATS and Redis that keep their data below `dataDir` and end with this process.
 *
 * Resolves when all serve. Whatever an earlier start left behind is waited for and repaired first.
 *
 * @throws ConfigError when the folder is in use, a given URL does not answer or a server cannot be had;
 * nothing is left running then.
 */
export async function startParts(options: PartsOptions): Promise<Parts> {
  const progress = options.progress ?? (() => undefined);
  const wanted = options.only ?? names;
  const signal = options.signal ?? new AbortController().signal;
  const lock = options.lock ?? (await lockFolder(options.dataDir));
  // As /proc names the working directories of its servers, whatever links lead there.
  const dataDir = await realpath(options.dataDir);
  const keepers = new Map<PartName, Keeper>();
  const programs: Partial<Record<PartName, string>> = {};
  const logFds: number[] = [];
  let isClosing = false;

  const stopAll = async (): Promise<void> => {
    isClosing = true;
    await Promise.all([...keepers.values()].map((keeper) => keeper.close()));
  };
  const release = async (): Promise<void> => {
    await stopAll();
    for (const fd of logFds.splice(0)) closeSync(fd);
    await lock.close();
  };
  const onAbort = (): void => void stopAll();
  signal.addEventListener("abort", onAbort);

  const tether = readTether();
  if (!tether.canSignal) {
    progress(
      "there is no setpriv (util-linux) here: if this process is killed, what it started goes on running",
    );
  }

  async function startPart(name: PartName): Promise<RunningPart> {
    if (!wanted.includes(name)) return { url: "" };
    const { variable, defaultPort, prepare } = kinds[name];
    const given = readText(options.env, variable, "");
    if (given !== "") return { url: await requireReachable(variable, given, defaultPort) };
    requireLinux(variable);
    const logFile = await rotateLog(dataDir, name);
    const logFd = openSync(logFile, "a", 0o600);
    logFds.push(logFd);
    const prepared = await prepare({ dataDir, env: options.env, tether, progress, signal, logFd });
    programs[name] = prepared.program;
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      const port = await findFreePort();
      const { url, program } = await prepared.plan(port);
      let restarts = 0;
      const keeper = keep(program, {
        tether,
        restartMs,
        onUp: (pid, startMs) => {
          const again = restarts++ > 0;
          progress(
            `${name} ${prepared.version}: ${again ? "serves again" : "started"} in ${seconds(startMs)}, port ${port}`,
          );
          if (again) options.onRestart?.(name, pid);
        },
        onDown: (reason) => progress(`${name}: ${reason}; starting again in ${seconds(restartMs)}`),
      });
      keepers.set(name, keeper);
      if (isClosing) await keeper.close();
      try {
        await keeper.started;
        return { url, keeper };
      } catch (error) {
        signal.throwIfAborted();
        if (tries < portTriesMax && (await whyPortTaken("127.0.0.1", port)) !== undefined) continue;
        const reason = error instanceof Error ? error.message : String(error);
        throw new ConfigError(`${reason}${await lastWords(logFile)}`, { cause: error });
      }
    }
  }

  try {
    const started = await Promise.allSettled(names.map(startPart));
    signal.throwIfAborted();
    const [postgres, nats, redis] = started.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
    return {
      databaseUrl: postgres?.url ?? "",
      natsUrl: nats?.url ?? "",
      redisUrl: redis?.url ?? "",
      get pids() {
        return readPids(keepers);
      },
      programs,
      close: release,
      kill: () => keepers.forEach((keeper) => keeper.kill()),
      unref: () => unrefAll(keepers, lock),
    };
  } catch (error) {
    await release();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function requireReachable(variable: string, url: string, defaultPort: number): Promise<string> {
  // Of several servers any will do.
  const reasons: string[] = [];
  for (const one of url.split(",")) {
    const reason = await whyUnreachable(one.trim(), defaultPort);
    if (reason === undefined) return url;
    reasons.push(reason);
  }
  throw new ConfigError(`${variable} cannot be used: ${reasons.join(", ")}`);
}

function requireLinux(variable: string): void {
  if (process.platform === "linux") return;
  throw new ConfigError(`private servers are for Linux only: set ${variable}`);
}

/** The log of this run, and of the one before as `.1`. */
async function rotateLog(dataDir: string, name: PartName): Promise<string> {
  const folder = join(dataDir, "log");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.log`);
  await rename(file, `${file}.1`).catch(() => undefined);
  return file;
}

async function lastWords(logFile: string): Promise<string> {
  const text = (await readFile(logFile, "utf8").catch(() => "")).trim();
  if (text === "") return "";
  return `; its log ends: ${text.split("\n").slice(-shownLogLines).join(" | ")}`;
}

function readPids(keepers: ReadonlyMap<PartName, Keeper>): Partial<Record<PartName, number>> {
  const pids: Partial<Record<PartName, number>> = {};
  for (const [name, keeper] of keepers) if (keeper.pid !== undefined) pids[name] = keeper.pid;
  return pids;
}

function unrefAll(keepers: ReadonlyMap<PartName, Keeper>, lock: FolderLock): void {
  for (const keeper of keepers.values()) keeper.unref();
  lock.unref();
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
