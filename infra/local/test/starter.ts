import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { readProcess } from "../src/process-table.ts";
import { waitUntil } from "../src/wait.ts";

export interface Told {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly pids: { readonly postgres: number; readonly nats: number; readonly redis: number };
}

export interface Starter {
  readonly child: ChildProcess;
  readonly told: readonly Told[];
  log(): string;
  exited(): Promise<number | null>;
}

const fixture = fileURLToPath(new URL("fixture/starter.ts", import.meta.url));

const endings = new WeakMap<TestContext, (() => Promise<void>)[]>();

/** Like `t.after`, but last in first out: what runs in a folder ends before the folder is removed. */
export function atEnd(t: TestContext, end: () => Promise<void>): void {
  const known = endings.get(t);
  if (known !== undefined) {
    known.push(end);
    return;
  }
  const list = [end];
  endings.set(t, list);
  t.after(async () => {
    for (const one of list.toReversed()) await one();
  });
}

export async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rookery-local-"));
  atEnd(t, () => rm(folder, { recursive: true, force: true, maxRetries: 20 }));
  return folder;
}

/** Starts the parts in another process, which a test may kill; killed at the end of the test in any case. */
export function spawnStarter(t: TestContext, dataDir: string): Starter {
  const { DATABASE_URL: _d, NATS_URL: _n, REDIS_URL: _r, ...env } = process.env;
  const child = spawn(process.execPath, [fixture, dataDir], { env, stdio: ["ignore", "pipe", "pipe"] });
  const told: Told[] = [];
  let log = "";
  createInterface({ input: child.stdout }).on("line", (line) => told.push(JSON.parse(line)));
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString("utf8");
  });
  atEnd(t, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return {
    child,
    told,
    log: () => log,
    exited: async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      return child.exitCode;
    },
  };
}

/** @returns what the starter told first. */
export async function startIn(t: TestContext, dataDir: string): Promise<{ starter: Starter; told: Told }> {
  const starter = spawnStarter(t, dataDir);
  await within(
    60_000,
    async () => (await Promise.resolve(starter.told.length)) > 0 || starter.child.exitCode !== null,
  );
  const [told] = starter.told;
  if (told === undefined) throw new Error(starter.log());
  return { starter, told };
}

export async function within(durationMs: number, probe: () => Promise<boolean>): Promise<void> {
  await waitUntil(probe, AbortSignal.timeout(durationMs));
}

export async function areGone(pids: Iterable<number>): Promise<boolean> {
  const found = await Promise.all([...pids].map(readProcess));
  return found.every((process) => process === undefined);
}
