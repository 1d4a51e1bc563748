import { type Log, startSweep } from "@rookery/runtime";
import { type Store, sweepOutcomes } from "@rookery/store";

/** Outcomes of commands that are no messages are known for so long (L3). */
const keptMs = 30 * 24 * 3_600_000;

/** Forgets old outcomes, hourly and bounded, while `isOurs`: one worker of the cluster. */
export function startOutcomeSweep(parts: {
  readonly store: Store;
  readonly isOurs: () => boolean;
  readonly firstMs?: number;
  readonly log: Log;
}): { close(): Promise<void> } {
  const { store, log } = parts;
  return startSweep({
    ...parts,
    undone: "old outcomes could not be forgotten yet",
    async sweep(drop) {
      const beforeMs = Date.now() - keptMs;
      const swept = await drop((limit) => sweepOutcomes(store, { beforeMs, limit }));
      if (swept > 0) log.info({ swept }, "old outcomes are forgotten");
    },
  });
}
