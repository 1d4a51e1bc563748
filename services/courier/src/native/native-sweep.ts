import type { Log } from "@rookery/runtime";
import { type Store, sweepUpdates } from "@rookery/store";

const everyMs = 60_000;
/** Of one statement, and of one sweep: what is left goes with the next. */
const batchMax = 2_000;
const sweptMax = 200_000;

/** Forgets what bots of our own did not come for in time, each minute and bounded, while `isOurs`: one courier of the cluster. */
export function startNativeSweep(parts: {
  readonly store: Store;
  readonly isOurs: () => boolean;
  readonly log: Log;
}): { close(): Promise<void> } {
  let closing = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();

  const sweep = async (): Promise<void> => {
    try {
      for (let swept = 0; !closing && parts.isOurs() && swept < sweptMax; swept += batchMax) {
        if ((await sweepUpdates(parts.store, Date.now(), batchMax)) < batchMax) break;
      }
    } catch (error) {
      parts.log.warn({ err: String(error) }, "updates of native bots could not be swept");
    }
    if (!closing) timer = setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    running = sweep();
  };
  timer = setTimeout(begin, everyMs);

  return {
    async close() {
      closing = true;
      clearTimeout(timer);
      await running;
    },
  };
}
