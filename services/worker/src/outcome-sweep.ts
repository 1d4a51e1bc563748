import type { Log } from "@rookery/runtime";
import { type Store, sweepOutcomes } from "@rookery/store";

/** Outcomes of commands that are no messages are known for so long (L3). */
const keptMs = 30 * 24 * 3_600_000;
const everyMs = 3_600_000;
const firstMsDefault = 60_000;
/** Of one statement, and of one sweep: what is left goes with the next. */
const batchMax = 2_000;
const sweptMax = 1_000_000;

/** Forgets old outcomes, hourly and bounded, while `isOurs`: one worker of the cluster. */
export function startOutcomeSweep(parts: {
  readonly store: Store;
  readonly isOurs: () => boolean;
  readonly firstMs?: number;
  readonly log: Log;
}): { close(): Promise<void> } {
  const { store, isOurs, log } = parts;
  let closing = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();

  const sweep = async (): Promise<void> => {
    let swept = 0;
    try {
      const beforeMs = Date.now() - keptMs;
      for (let count = batchMax; count === batchMax && swept < sweptMax && !closing && isOurs(); ) {
        count = await sweepOutcomes(store, { beforeMs, limit: batchMax });
        swept += count;
      }
    } catch (error) {
      log.warn({ err: String(error) }, "old outcomes could not be forgotten yet");
    }
    if (swept > 0) log.info({ swept }, "old outcomes are forgotten");
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
