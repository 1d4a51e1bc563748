import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 20;

/** Asks `probe` until it says true. @throws the signal's reason when that comes first. */
export async function waitUntil(probe: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await probe())) await sleep(pollMs, undefined, { signal });
}
