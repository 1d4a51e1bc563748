import type { Log } from "@rookery/runtime";
import { type Store, sweepDeliveries, sweepEvents } from "@rookery/store";
import { waitMsMax } from "@rookery/webhook";

const dayMs = 86_400_000;
const everyMs = 3_600_000;
const firstMs = 60_000;
/** Of one statement, and of one sweep: what is left goes with the next. */
const batchMax = 1_000;
const sweptMax = 200_000;
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
  let closing = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();

  const drop = async (portion: () => Promise<number>): Promise<number> => {
    let swept = 0;
    while (!closing && parts.isOurs() && swept < sweptMax) {
      const count = await portion();
      swept += count;
      if (count < batchMax) break;
    }
    return swept;
  };
  const sweep = async (): Promise<void> => {
    try {
      const beforeMs = Date.now() - parts.keepDays * dayMs;
      const deliveries = await drop(() => sweepDeliveries(store, beforeMs, batchMax));
      const events = await drop(() => sweepEvents(store, beforeMs - slackMs, batchMax));
      if (deliveries + events > 0) log.info({ deliveries, events }, "old webhook deliveries are forgotten");
    } catch (error) {
      log.warn({ err: String(error) }, "old webhook deliveries could not be swept");
    }
    if (!closing) timer = setTimeout(begin, everyMs);
  };
  const begin = (): void => {
    running = sweep();
  };
  timer = setTimeout(begin, parts.firstMs ?? firstMs);

  return {
    async close() {
      closing = true;
      clearTimeout(timer);
      await running;
    },
  };
}
