/**
 * The supervisor of one machine's cluster. Its states:
 *
 * ```
 *  locking ─▶ checking ports ─▶ parts ─▶ migrating ─▶ children ─▶ ready ─┐
 *     │             │             │          │            │             │ SIGINT, SIGTERM, SIGHUP, npm gone
 *     └─────────────┴─ refused ───┴──────────┴────────────┘             ▼
 *                         │       (or a signal meanwhile) ──────▶ stopping: edges ─▶ workers, couriers ─▶ parts
 *                         ▼                                             │
 *              what runs is stopped, exit 1                             ├─ all ended ─▶ exit 0
 *                                                                       └─ another signal ─▶ all killed, exit 1
 * ```
 *
 * A child or part that ends while `ready` is started again by its keeper, and the `pids` line told again. Edges
 * stop first, so that what they have taken in still finds its owner; the parts last, so that it is committed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  findFreePort,
  type Keeper,
  keep,
  lockFolder,
  type Parts,
  readTether,
  startParts,
  whyPortTaken,
} from "@rookery/local";
import { type Env, readInteger, readText } from "@rookery/runtime";
import { planChild, type Role } from "./child.ts";
import { type KeyFiles, readOrMakeKeys, readOrMakeShards } from "./data-folder.ts";
import { refuseMissing } from "./doctor/finding.ts";
import { checkPorts } from "./doctor/machine.ts";
import { checkKeys, judgePublicUrl } from "./doctor/setting.ts";
import { processesMax, type UpConfig } from "./up-config.ts";

export interface ClusterOptions {
  /** The main file of each role. */
  readonly programs: Readonly<Record<Role, string>>;
  readonly migrate: (databaseUrl: string) => Promise<{ readonly applied: readonly string[] }>;
  readonly progress: (line: string) => void;
  /** Called with the `pids` line whenever a process was replaced. */
  readonly onPids: (line: string) => void;
  /** Aborting it gives the start up. */
  readonly signal: AbortSignal;
}

export interface Cluster {
  /** Of the edges, first to last. */
  readonly urls: readonly string[];
  /** `pids edge=1,2 worker=3 courier=4 postgres=5 nats=6 redis=7` as of now. */
  readonly pidsLine: string;
  /** Replaces every process of ours, one after the other: each has ended, with its drain, and serves again before the next. */
  restart(): Promise<void>;
  /** Stops everything in order. Resolves when no process is left. */
  close(): Promise<void>;
  /** Ends everything at once. */
  kill(): void;
}

interface Plan {
  readonly ports: readonly number[];
  readonly urls: readonly string[];
  readonly env: Env;
}

const roles = ["edge", "worker", "courier"] as const satisfies readonly Role[];
const partNames = ["postgres", "nats", "redis"] as const;
const restartMs = 1_000;
const restartPollMs = 50;
const stopMsMax = 15_000;
/** How often free ports are chosen anew that somebody took between choosing and listening. */
const portTriesMax = 5;

/**
 * Starts parts and processes; resolves when all of them serve.
 *
 * @throws ConfigError for what an operator can put right, or the reason of `signal`; nothing is left running then.
 */
export async function startCluster(config: UpConfig, options: ClusterOptions): Promise<Cluster> {
  const { progress, signal } = options;
  const keepers: Record<Role, Keeper[]> = { edge: [], worker: [], courier: [] };
  /** How often each has served. */
  const upCounts = new Map<Keeper, number>();
  const tether = readTether();
  let parts: Parts | undefined;
  let isReady = false;

  const closeAll = async (role: Role): Promise<void> => {
    await Promise.all(keepers[role].map((keeper) => keeper.close()));
  };
  const closeChildren = async (): Promise<void> => {
    await closeAll("edge");
    await Promise.all([closeAll("worker"), closeAll("courier")]);
  };
  const close = async (): Promise<void> => {
    await closeChildren();
    await parts?.close();
  };
  const pidsLine = (): string => encodePids(keepers, parts?.pids ?? {});
  const tellPids = (): void => {
    if (isReady && !signal.aborted) options.onPids(pidsLine());
  };

  const restart = async (): Promise<void> => {
    for (const role of roles) {
      for (const keeper of keepers[role]) {
        if (signal.aborted) return;
        const before = upCounts.get(keeper) ?? 0;
        await keeper.restart();
        while ((upCounts.get(keeper) ?? 0) === before && !signal.aborted) await sleep(restartPollMs);
      }
    }
  };

  function startChild(role: Role, index: number, plan: Plan): Promise<void> {
    const port = role === "edge" ? plan.ports[index] : undefined;
    const node = `${role}-${index}`;
    const program = planChild({
      node,
      file: options.programs[role],
      env: {
        ...plan.env,
        PORT: port === undefined ? undefined : String(port),
        METRICS_PORT: role === "edge" ? undefined : metricsPort(config, role, index),
      },
      stopMsMax: role === "edge" ? config.drainMs + stopMsMax : stopMsMax,
    });
    const keeper: Keeper = keep(program, {
      tether,
      restartMs,
      onUp: (pid, startMs) => {
        const starts = upCounts.get(keeper) ?? 0;
        upCounts.set(keeper, starts + 1);
        const again = starts > 0;
        progress(`${node}: ${again ? "serves again" : "started"} in ${seconds(startMs)}, pid ${pid}`);
        if (again) tellPids();
      },
      onDown: (reason) => progress(`${node}: ${reason}; starting again in ${seconds(restartMs)}`),
    });
    keepers[role].push(keeper);
    return keeper.started;
  }

  const lock = await lockFolder(config.dataDir);
  try {
    let ports = await choosePorts(config);
    const shards = await readOrMakeShards(config.dataDir, config.shards);
    const keys = await readOrMakeKeys(config.dataDir, config.env);
    refuseMissing(await checkKeys(keys, config.env));
    refuseMissing([judgePublicUrl(readText(config.env, "PUBLIC_URL", ""))]);
    parts = await startParts({
      dataDir: config.dataDir,
      lock,
      env: config.env,
      progress,
      onRestart: tellPids,
      signal,
    });
    await migrate(parts.databaseUrl, options);
    signal.throwIfAborted();

    const scheme = readText(config.env, "TLS_CERT_FILE", "") === "" ? "http" : "https";
    let urls: readonly string[] = [];
    const counts = { edge: config.edges, worker: config.workers, courier: config.couriers };
    for (let tries = 1; ; tries++) {
      urls = ports.map((port) => `${scheme}://${urlHost(config.host)}:${port}`);
      const plan = { ports, urls, env: childEnv(config, { parts, keys, shards, urls }) };
      const starts = roles.flatMap((role) =>
        Array.from({ length: counts[role] }, (_, index) => startChild(role, index, plan)),
      );
      try {
        await Promise.race([Promise.all(starts), aborted(signal)]);
        break;
      } catch (error) {
        await closeChildren();
        const isChosen = config.port === 0 && tries < portTriesMax && !signal.aborted;
        if (!isChosen || !(await isAnyTaken(config.host, ports))) throw error;
        progress("somebody else took a port that was free; starting again with others");
        for (const role of roles) keepers[role] = [];
        ports = await choosePorts(config);
      }
    }
    isReady = true;
    return {
      urls,
      get pidsLine() {
        return pidsLine();
      },
      restart,
      close,
      kill() {
        for (const role of roles) for (const keeper of keepers[role]) keeper.kill();
        parts?.kill();
      },
    };
  } catch (error) {
    await close();
    await lock.close();
    throw error;
  }
}

async function choosePorts(config: UpConfig): Promise<number[]> {
  refuseMissing(await checkPorts(config, false));
  const ports: number[] = [];
  for (let index = 0; index < config.edges; index++) {
    ports.push(config.port === 0 ? await findFreePort(config.host) : config.port + index);
  }
  return ports;
}

async function isAnyTaken(host: string, ports: readonly number[]): Promise<boolean> {
  const reasons = await Promise.all(ports.map((port) => whyPortTaken(host, port)));
  return reasons.some((reason) => reason !== undefined);
}

async function migrate(databaseUrl: string, { progress, ...options }: ClusterOptions): Promise<void> {
  const startMs = performance.now();
  const { applied } = await options.migrate(databaseUrl);
  const what = applied.length === 0 ? "the schema is current" : `applied ${applied.join(", ")}`;
  progress(`migrations: ${what}, ${seconds(performance.now() - startMs)}`);
}

function childEnv(
  config: UpConfig,
  made: {
    readonly parts: Parts;
    readonly keys: KeyFiles;
    readonly shards: number;
    readonly urls: readonly string[];
  },
): Env {
  const { env } = config;
  return {
    ...env,
    DATABASE_URL: made.parts.databaseUrl,
    NATS_URL: made.parts.natsUrl,
    REDIS_URL: made.parts.redisUrl,
    HOST: config.host,
    ROOKERY_SHARDS: String(made.shards),
    ROOKERY_DATA: config.dataDir,
    METRICS_CLUSTER: readText(env, "METRICS_CLUSTER", "on"),
    PUBLIC_URL: readText(env, "PUBLIC_URL", made.urls[0] ?? ""),
    JWT_PRIVATE_KEY_FILE: made.keys.jwtPrivateKeyFile,
    MASTER_KEY_FILE: made.keys.masterKeyFile,
    LOG_FORMAT: readText(env, "LOG_FORMAT", process.stderr.isTTY ? "pretty" : "json"),
  };
}

/** Of workers and couriers: a free one, or `METRICS_PORT` and those after it, workers first. */
function metricsPort(config: UpConfig, role: "worker" | "courier", index: number): string {
  const first = readInteger(config.env, "METRICS_PORT", {
    fallback: 0,
    min: 0,
    max: 65_535 - processesMax * 2,
  });
  if (first === 0) return "0";
  return String(first + (role === "worker" ? 0 : config.workers) + index);
}

function encodePids(keepers: Readonly<Record<Role, readonly Keeper[]>>, parts: Parts["pids"]): string {
  const children = roles.map((role) => {
    const pids = keepers[role].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    return pids.length === 0 ? [] : [`${role}=${pids.join(",")}`];
  });
  const own = partNames.map((name) => (parts[name] === undefined ? [] : [`${name}=${parts[name]}`]));
  return ["pids", ...children.flat(), ...own.flat()].join(" ");
}

/** A server that listens everywhere is reached by loopback. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the start was given up")), { once: true });
  });
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
