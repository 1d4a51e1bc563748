import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** One process, told apart from a later one with the same pid by the clock tick it started at. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTick: number;
}

interface ProcessStat extends ProcessIdentity {
  readonly name: string;
  readonly parentPid: number;
}

const pollMs = 50;

/** What `/proc/<pid>/stat` says; undefined when there is no such process or only its zombie is left. */
export async function readProcess(pid: number): Promise<ProcessStat | undefined> {
  try {
    return parseStat(pid, await readFile(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The name stands in brackets and may itself hold brackets and spaces, so fields are counted from the last one. */
export function parseStat(pid: number, text: string): ProcessStat | undefined {
  const nameEnd = text.lastIndexOf(")");
  const name = text.slice(text.indexOf("(") + 1, nameEnd);
  const fields = text.slice(nameEnd + 2).split(" ");
  const state = fields[0];
  if (state === "Z" || state === "X") return undefined;
  return { pid, name, parentPid: Number(fields[1]), startTick: Number(fields[19]) };
}

export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await readProcess(process.pid))?.startTick === process.startTick;
}

/** Processes called one of `names` whose working directory is `folder`; those of other users are not seen. */
export async function findProcesses(
  names: readonly string[],
  folder: string,
): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const entry of await readdir("/proc").catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = await readProcess(pid);
    if (stat === undefined || !names.includes(stat.name)) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (cwd === folder) found.push({ pid, startTick: stat.startTick });
  }
  return found;
}

/**
 * Waits until no process called one of `names` works in `folder`; after `patienceMs` kills those that are left.
 *
 * @throws Error when even that leaves one after twice the time.
 */
export async function awaitGone(names: readonly string[], folder: string, patienceMs: number): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    const left = await findProcesses(names, folder);
    if (left.length === 0) return;
    const waitedMs = performance.now() - startMs;
    const pids = left.map(({ pid }) => pid).join(", ");
    if (waitedMs > 2 * patienceMs)
      throw new Error(`${names[0]} of an earlier start does not end: pid ${pids}`);
    if (waitedMs > patienceMs) for (const { pid } of left) signalQuietly(pid, "SIGKILL");
    await sleep(pollMs);
  }
}

/** Signals a process that may already be gone. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}
