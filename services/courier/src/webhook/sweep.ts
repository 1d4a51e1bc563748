import { type Log, startSweep } from "@rookery/runtime";
import { type Store, sweepDeliveries, sweepEvents } from "@rookery/store";
import { waitMsMax } from "@rookery/webhook";

const dayMs = 86_400_000;
/** Events stay for longer than their deliveries, so that one that was just replayed has its body; and while one of theirs is open. */
const slackMs = 4 * waitMsMax;

/** Forgets deliveries that are done, with their attempts, and events; hourly and bounded, while `isOurs`: one courier of the cluster. */
export function startWebhookSweep(parts: {
  readonly store: Store;
  readonly keepDays: number;
  readonly isOurs: () => boolean;
  readonly log: Log;
  /** For tests. */
  readonly firstMs?: number;
}): { close(): Promise<void> } {
  const { store, log } = parts;
  return startSweep({
    ...parts,
    undone: "old webhook deliveries could not be swept",
    async sweep(drop) {
      const beforeMs = Date.now() - parts.keepDays * dayMs;
      const deliveries = await drop((limit) => sweepDeliveries(store, beforeMs, limit));
      const events = await drop((limit) => sweepEvents(store, beforeMs - slackMs, limit));
      if (deliveries + events > 0) log.info({ deliveries, events }, "old webhook deliveries are forgotten");
    },
  });
}
