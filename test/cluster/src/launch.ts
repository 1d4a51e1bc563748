/** `npm start` as an operator runs it: its own process group, its output kept, nothing else arranged. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { until } from "@rookery/kit";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** A first start may have to unpack its parts. */
const readyMs = 90_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launch {
  /** The pid of npm, and of the process group. */
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout(): readonly string[];
  stderr(): string;
  /** Waits for the two lines. @throws with standard error when the start ends instead. */
  ready(): Promise<readonly string[]>;
  /** The newest `pids` line. */
  pids(): Readonly<Record<string, readonly number[]>>;
  /** How many `pids` lines were printed. */
  pidsLines(): number;
  /** As the terminal does on Ctrl-C: to everyone in the group. */
  signalGroup(signal: NodeJS.Signals): void;
}

export function launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): Launch {
  const child = spawn("npm", ["start", "--", ...args], {
    cwd: repository,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...withoutServers(process.env), ...env },
  });
  const [out, err] = [collect(child, "stdout"), collect(child, "stderr")];
  const exited: Promise<Exit> = new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const pid = child.pid as number;
  const stdout = (): readonly string[] => out().split("\n").slice(0, -1);
  const pidsLines = (): readonly string[] => stdout().filter((line) => line.startsWith("pids "));
  let ended: Exit | undefined;
  void exited.then((exit) => {
    ended = exit;
  });
  return {
    pid,
    exited,
    stdout,
    stderr: err,
    async ready() {
      await until(() => pidsLines().length > 0 || ended !== undefined, { withinMs: readyMs });
      if (ended !== undefined) throw new Error(`the start ended with ${JSON.stringify(ended)}: ${err()}`);
      return stdout();
    },
    pids: () => parsePids(pidsLines().at(-1) ?? ""),
    pidsLines: () => pidsLines().length,
    signalGroup(signal) {
      try {
        process.kill(-pid, signal);
      } catch {
        // Nobody of the group is left.
      }
    },
  };
}

export function parsePids(line: string): Record<string, number[]> {
  return Object.fromEntries(
    line
      .split(" ")
      .slice(1)
      .map((part) => {
        const [name, pids] = part.split("=") as [string, string];
        return [name, pids.split(",").map(Number)];
      }),
  );
}

/** The parent of a process, by /proc. */
export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Below those that connections going out are given, which may take one between the look and the listening. */
const [portMin, portMax] = [10_000, 32_000];

/** The first of `count` ports in a row that are free now. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = await tryPort(randomInt(portMin, portMax));
    if (first === undefined) continue;
    const rest = await Promise.all(
      Array.from({ length: count - 1 }, (_, index) => tryPort(first + 1 + index)),
    );
    if (rest.every((port) => port !== undefined)) return first;
  }
  throw new Error(`no ${count} free ports in a row`);
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}

function collect(child: ChildProcess, stream: "stdout" | "stderr"): () => string {
  let text = "";
  child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** The test run's own servers would stand in for the private ones that are the subject here. */
function withoutServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DATABASE_URL: _database, NATS_URL: _nats, REDIS_URL: _redis, ...rest } = env;
  return rest;
}
