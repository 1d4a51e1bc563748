import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readTether, signalQuietly, tie } from "@rookery/local";
import { withoutServers } from "./test-part.ts";
import { until } from "./until.ts";

export type ClusterRole = "edge" | "worker" | "courier" | "postgres" | "nats" | "redis";

export interface ClusterOptions {
  readonly edges?: number;
  readonly workers?: number;
  readonly couriers?: number;
  readonly shards?: number;
  /** 0, each edge takes a free port, if not given. */
  readonly port?: number;
  /** A temporary one, removed at `close`, if not given. */
  readonly dataDir?: string;
  /** Off if not given: all tests come from one address. */
  readonly rateLimits?: "on" | "off";
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Further flags of `rookery up`. */
  readonly args?: readonly string[];
  /** `npm` runs `npm start -- …` as people do, `node` the command itself (quicker; the default). */
  readonly via?: "npm" | "node";
  readonly readyMsMax?: number;
}

export interface ClusterExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A whole cluster in a process of its own, as `npm start` makes it. What it says changes with restarts. */
export interface Cluster {
  readonly dataDir: string;
  /** URLs of the edges. */
  readonly edges: readonly string[];
  /** By role, as the last `pids` line has them; empty for a role that is not there. */
  readonly pids: Readonly<Record<ClusterRole, readonly number[]>>;
  /** The process that was spawned: `rookery up`, or npm above it. */
  readonly pid: number;
  /** Standard output since the last start, line by line. */
  readonly lines: readonly string[];
  /** Standard error of all starts. */
  log(): string;
  kill(role: ClusterRole, index?: number, signal?: NodeJS.Signals): void;
  /** Signals the spawned process; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<ClusterExit>;
  /** Starts it again on the same folder, stopping it first if it runs. */
  restart(): Promise<void>;
  /** Stops it and removes its temporary folder. */
  close(): Promise<void>;
}

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly exited: Promise<ClusterExit>;
  hasExited: boolean;
}

const root = fileURLToPath(new URL("../../..", import.meta.url));
const roles = ["edge", "worker", "courier", "postgres", "nats", "redis"] as const;
const readyMsDefault = 120_000;
const stopMsMax = 60_000;
const shownLogCharacters = 4_000;

/** Starts a cluster and waits for its ready lines. @throws Error with the end of its log when they do not come. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "rookery-cluster-")));
  const log: string[] = [];
  let run: Run | undefined;

  async function start(): Promise<void> {
    const current = spawnUp(dataDir, options, log);
    run = current;
    const isOver = (): boolean => current.hasExited || pidsLine(current.lines) !== undefined;
    await until(isOver, { withinMs: options.readyMsMax ?? readyMsDefault, what: "the ready lines" }).catch(
      async (error: unknown) => {
        await stop("SIGKILL");
        throw new Error(`${String(error)}\n${log.join("").slice(-shownLogCharacters)}`);
      },
    );
    if (pidsLine(current.lines) !== undefined) return;
    const { code } = await current.exited;
    throw new Error(`ended with code ${code} before ready\n${log.join("").slice(-shownLogCharacters)}`);
  }

  async function stop(signal: NodeJS.Signals = "SIGINT"): Promise<ClusterExit> {
    if (run === undefined) return { code: null, signal: null };
    const { child, exited } = run;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
    try {
      return await exited;
    } finally {
      clearTimeout(timer);
    }
  }

  async function close(): Promise<void> {
    if (run !== undefined && !run.hasExited) await stop();
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 20 });
  }

  const lines = (): readonly string[] => run?.lines ?? [];
  const pids = (): Cluster["pids"] => parsePids(pidsLine(lines()) ?? "");
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    dataDir,
    get edges() {
      const ready = lines().findLast((line) => line.startsWith("rookery ready "));
      return ready?.split(" ").slice(2) ?? [];
    },
    get pids() {
      return pids();
    },
    get pid() {
      return run?.child.pid ?? 0;
    },
    get lines() {
      return lines();
    },
    log: () => log.join(""),
    kill(role, index = 0, signal = "SIGKILL") {
      const pid = pids()[role][index];
      if (pid === undefined) throw new Error(`there is no ${role} ${index}`);
      signalQuietly(pid, signal);
    },
    stop,
    async restart() {
      if (run !== undefined && !run.hasExited) await stop();
      await start();
    },
    close,
  };
}

function spawnUp(dataDir: string, options: ClusterOptions, log: string[]): Run {
  const flags: Record<string, string | number | undefined> = {
    data: dataDir,
    port: options.port ?? 0,
    edges: options.edges,
    workers: options.workers,
    couriers: options.couriers,
    shards: options.shards,
    "rate-limits": options.rateLimits ?? "off",
  };
  const args = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const up = [...args, ...(options.args ?? [])];
  const command =
    options.via === "npm"
      ? { command: "npm", args: ["start", "--silent", "--", ...up] }
      : { command: process.execPath, args: [join(root, "services/cli/src/main.ts"), "up", ...up] };
  // A test that is killed must not leave a cluster.
  const tied = tie(readTether(), "KILL", command);
  const child = spawn(tied.command, tied.args, {
    cwd: root,
    env: { ...withoutServers(process.env), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  child.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString("utf8")));
  const run: Run = {
    child,
    lines,
    hasExited: false,
    exited: new Promise((resolve) => {
      child.once("error", (error) => {
        log.push(String(error));
        run.hasExited = true;
        resolve({ code: null, signal: null });
      });
      child.once("exit", (code, signal) => {
        run.hasExited = true;
        resolve({ code, signal });
      });
    }),
  };
  return run;
}

function pidsLine(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => line.startsWith("pids "));
}

/** `pids edge=1,2 worker=3` → `{edge: [1, 2], worker: [3], …}`. */
export function parsePids(line: string): Record<ClusterRole, readonly number[]> {
  const entries = new Map(
    line.split(" ").map((word) => {
      const [name = "", pids = ""] = word.split("=", 2);
      return [name, pids.split(",").map(Number)] as const;
    }),
  );
  const found = (role: ClusterRole): readonly number[] => entries.get(role) ?? [];
  const [edge, worker, courier, postgres, nats, redis] = roles.map(found);
  return {
    edge: edge ?? [],
    worker: worker ?? [],
    courier: courier ?? [],
    postgres: postgres ?? [],
    nats: nats ?? [],
    redis: redis ?? [],
  };
}
