import { monitorEventLoopDelay } from "node:perf_hooks";

/** Each look wakes the process: what waits must cost little, and thirty looks tell a 99th percentile well enough. */
const resolutionMs = 100;
/** What a look tells is of at least so long. */
const windowMs = 3_000;

/** How late the event loop of this process runs what is due: what everybody waits for who talks to it. */
export interface LoopDelay {
  /** The 99th percentile of the last full window, in ms; null in the first. */
  readMs(nowMs: number): number | null;
  close(): void;
}

export function openLoopDelay(nowMs: number): LoopDelay {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  let sinceMs = nowMs;
  let last: number | null = null;
  return {
    readMs(now) {
      if (now - sinceMs >= windowMs && delays.count > 0) {
        // What is measured is the time between two looks, of which the resolution was meant.
        last = Math.round(Math.max(0, delays.percentile(99) / 1e6 - resolutionMs) * 10) / 10;
        delays.reset();
        sinceMs = now;
      }
      return last;
    },
    close: () => void delays.disable(),
  };
}
