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

const lookMs = 250;
/** At rest: within this share of itself for so many looks. */
const restShare = 0.005;
const restLooks = 10;
const restMsMax = 6_000;
/** What one collection leaves for finalizers is freed by the next. */
const collections = 3;
const collectedLooks = 8;

/**
 * The resident bytes of a process that has `collectOnSignal` in it and nothing to do; collected is the least it was after a
 * collection, for a server that waits makes garbage too. Takes 9 to 12 s.
 */
export async function weighProcess(pid: number, tell: (line: string) => void): Promise<Weight> {
  const restBytes = await restingBytes(pid, tell);
  let collectedBytes = Number.POSITIVE_INFINITY;
  for (let collected = 0; collected < collections; collected++) {
    process.kill(pid, "SIGUSR2");
    for (let looked = 0; looked < collectedLooks; looked++) {
      await sleep(lookMs);
      collectedBytes = Math.min(collectedBytes, (await readUsage(pid)).rssBytes);
    }
  }
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
