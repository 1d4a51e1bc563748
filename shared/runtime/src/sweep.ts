import type { Log } from "./log.ts";

/** Rows of one statement, and of one kind in one sweep: what is left goes with the next. */
const batchMax = 2_000;
const sweptMax = 1_000_000;
const everyMs = 3_600_000;
const firstMsDefault = 60_000;

/** Does `step` until it has done less than its limit, or enough. @returns how many rows in all. */
export type Drop = (step: (limit: number) => Promise<number>) => Promise<number>;

/**
 * Sweeps a minute after the start and then hourly, in bounded batches, while `isOurs`: one process of the cluster. What fails is
 * warned of as `undone` and tried with the next sweep.
 */
export function startSweep(parts: {
  /** For tests. */
  readonly firstMs?: number | undefined;
  readonly isOurs: () => boolean;
  readonly sweep: (drop: Drop) => Promise<void>;
  readonly undone: string;
  readonly log: Log;
}): { close(): Promise<void> } {
  let closing = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();

  const drop: Drop = async (step) => {
    let swept = 0;
    while (!closing && parts.isOurs() && swept < sweptMax) {
      const count = await step(batchMax);
      swept += count;
      if (count < batchMax) break;
    }
    return swept;
  };
  const sweep = async (): Promise<void> => {
    try {
      await parts.sweep(drop);
    } catch (error) {
      parts.log.warn({ err: String(error) }, parts.undone);
    }
    if (!closing) timer = setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    running = sweep();
  };
  timer = setTimeout(begin, parts.firstMs ?? firstMsDefault);

  return {
    async close() {
      closing = true;
      clearTimeout(timer);
      await running;
    },
  };
}
