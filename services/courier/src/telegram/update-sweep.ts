import type { Log } from "@rookery/runtime";
import { foldUsage, type Store, sweepTelegramUpdates, sweepUsage } from "@rookery/store";

const dayMs = 24 * 3_600_000;
/** Updates are kept whole for so long. That each is applied once does not depend on it: outcomes and messages see to that. */
const keptMs = 30 * dayMs;
const everyMs = 3_600_000;
const firstMsDefault = 60_000;
/** Of one statement, and of one sweep: what is left goes with the next. */
const batchMax = 2_000;
const sweptMax = 200_000;

/** For how many days usage of bots is known by the hour, and by the day. */
export interface UsageLife {
  readonly hourlyDays: number;
  readonly dailyDays: number;
}

/** Forgets old updates and usage, hourly and bounded, while `isOurs`: one courier of the cluster. */
export function startUpdateSweep(parts: {
  readonly store: Store;
  readonly isOurs: () => boolean;
  readonly usage: UsageLife;
  readonly firstMs?: number;
  readonly log: Log;
}): { close(): Promise<void> } {
  const { store, usage, log } = parts;
  let closing = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();

  const sweepOne = async (what: string, step: () => Promise<number>): Promise<void> => {
    let swept = 0;
    while (!closing && parts.isOurs() && swept < sweptMax) {
      const count = await step();
      swept += count;
      if (count < batchMax) break;
    }
    if (swept > 0) log.info({ swept }, what);
  };

  const sweep = async (): Promise<void> => {
    try {
      const nowMs = Date.now();
      const day = (days: number): number => nowMs - (nowMs % dayMs) - days * dayMs;
      const limit = batchMax;
      await sweepOne("old updates of Telegram's are forgotten", () =>
        sweepTelegramUpdates(store, { beforeMs: nowMs - keptMs, limit }),
      );
      await sweepOne("old usage of bots is forgotten", () =>
        sweepUsage(store, { beforeMs: day(usage.dailyDays), limit }),
      );
      await sweepOne("usage of bots is by the day from here on", () =>
        foldUsage(store, { beforeMs: day(usage.hourlyDays), limit }),
      );
    } catch (error) {
      log.warn({ err: String(error) }, "old updates and usage could not be swept");
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
