/** Memory of a server that idles, once it has come to rest. */
import { setTimeout as sleep } from "node:timers/promises";
import { readUsage } from "./process-usage.ts";

export interface Weight {
  /** When it no longer moves by itself. */
  readonly restBytes: number;
  /** After its garbage was collected. */
  readonly collectedBytes: number;
}

/** For `node --import`: a server without it cannot be weighed. */
export const collectOnSignal = new URL("collect-on-signal.ts", import.meta.url).href;

const lookMs = 500;
/** At rest: within this share of itself for so many looks, which is longer than V8 waits before it tidies up. */
const restShare = 0.005;
const restLooks = 24;
const restMsMax = 60_000;

/** The resident bytes of a process that has `collectOnSignal` in it and nothing to do. Takes 25 s to 2 min. */
export async function weighProcess(pid: number, tell: (line: string) => void): Promise<Weight> {
  const restBytes = await restingBytes(pid, tell);
  process.kill(pid, "SIGUSR2");
  const collectedBytes = await restingBytes(pid, tell);
  return { restBytes, collectedBytes };
}

async function restingBytes(pid: number, tell: (line: string) => void): Promise<number> {
  const looks: number[] = [];
  const untilMs = performance.now() + restMsMax;
  for (;;) {
    await sleep(lookMs);
    const { rssBytes } = await readUsage(pid);
    looks.push(rssBytes);
    if (looks.length > restLooks) looks.shift();
    const spread = Math.max(...looks) - Math.min(...looks);
    if (looks.length === restLooks && spread <= rssBytes * restShare) return rssBytes;
    if (performance.now() > untilMs) return rssBytes;
    tell(`weighing: ${(rssBytes / 1e6).toFixed(1)} MB`);
  }
}
