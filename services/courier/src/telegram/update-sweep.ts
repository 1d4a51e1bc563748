import { type Log, startSweep } from "@rookery/runtime";
import { foldUsage, type Store, sweepTelegramUpdates, sweepUsage } from "@rookery/store";

const dayMs = 24 * 3_600_000;
/** Updates are kept whole for so long. That each is applied once does not depend on it: outcomes and messages see to that. */
const keptMs = 30 * dayMs;

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
  return startSweep({
    ...parts,
    undone: "old updates and usage could not be swept",
    async sweep(drop) {
      const sweepOne = async (what: string, step: (limit: number) => Promise<number>): Promise<void> => {
        const swept = await drop(step);
        if (swept > 0) log.info({ swept }, what);
      };
      const nowMs = Date.now();
      const day = (days: number): number => nowMs - (nowMs % dayMs) - days * dayMs;
      await sweepOne("old updates of Telegram's are forgotten", (limit) =>
        sweepTelegramUpdates(store, { beforeMs: nowMs - keptMs, limit }),
      );
      await sweepOne("old usage of bots is forgotten", (limit) =>
        sweepUsage(store, { beforeMs: day(usage.dailyDays), limit }),
      );
      await sweepOne("usage of bots is by the day from here on", (limit) =>
        foldUsage(store, { beforeMs: day(usage.hourlyDays), limit }),
      );
    },
  });
}
