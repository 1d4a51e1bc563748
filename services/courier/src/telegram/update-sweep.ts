import type { Log } from "@rookery/runtime";
import { type Store, sweepTelegramUpdates } from "@rookery/store";

/** Updates are kept whole for so long. That each is applied once does not depend on it: outcomes and messages see to that. */
const keptMs = 30 * 24 * 3_600_000;
const everyMs = 3_600_000;
const firstMs = 60_000;
/** Of one statement, and of one sweep: what is left goes with the next. */
const batchMax = 2_000;
const sweptMax = 200_000;

/** Forgets old updates, hourly and bounded, while `isOurs`: one courier of the cluster. */
export function startUpdateSweep(parts: {
  readonly store: Store;
  readonly isOurs: () => boolean;
  readonly log: Log;
}): { close(): Promise<void> } {
  let closing = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();

  const sweep = async (): Promise<void> => {
    try {
      const beforeMs = Date.now() - keptMs;
      let swept = 0;
      while (!closing && parts.isOurs() && swept < sweptMax) {
        const count = await sweepTelegramUpdates(parts.store, { beforeMs, limit: batchMax });
        swept += count;
        if (count < batchMax) break;
      }
      if (swept > 0) parts.log.info({ swept }, "old updates of Telegram's are forgotten");
    } catch (error) {
      parts.log.warn({ err: String(error) }, "old updates could not be swept");
    }
    if (!closing) timer = setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    running = sweep();
  };
  timer = setTimeout(begin, firstMs);

  return {
    async close() {
      closing = true;
      clearTimeout(timer);
      await running;
    },
  };
}
