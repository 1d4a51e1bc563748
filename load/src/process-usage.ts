/** What processes have used, from /proc: theirs and their children's, since Postgres is many. */
import { readdir, readFile } from "node:fs/promises";

export interface Usage {
  readonly cpuSeconds: number;
  /** Resident memory of the process itself. */
  readonly rssBytes: number;
  /** What of it is no file's: heaps and stacks, with those of the children. */
  readonly anonymousBytes: number;
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const kibibyte = 1_024;

/** @returns zeros for a process that is gone. */
export async function readUsage(pid: number): Promise<Usage> {
  const family = [pid, ...(await childrenOf(pid))];
  const usages = await Promise.all(family.map(readOne));
  const [own] = usages;
  return {
    cpuSeconds: sum(usages.map((usage) => usage.cpuSeconds)),
    rssBytes: own?.rssBytes ?? 0,
    anonymousBytes: sum(usages.map((usage) => usage.anonymousBytes)),
  };
}

async function readOne(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all(
    ["stat", "status"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
  );
  const fields = statFields(stat ?? "");
  // utime, stime, and those of children that ended and were waited for (proc_pid_stat(5), fields 14 to 17).
  const ticks = sum(fields.slice(11, 15).map(Number));
  return {
    cpuSeconds: ticks / ticksPerSecond,
    rssBytes: sizeOf(status ?? "", "VmRSS"),
    anonymousBytes: sizeOf(status ?? "", "RssAnon"),
  };
}

/** The fields behind the name, which may hold anything: from the state (3) on. */
function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(
    pids.map(async (each) => {
      const stat = await readFile(`/proc/${each}/stat`, "utf8").catch(() => "");
      return Number(statFields(stat)[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === pid);
}

function sizeOf(status: string, name: string): number {
  const [, size = "0"] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
  return Number(size) * kibibyte;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
