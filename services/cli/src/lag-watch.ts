import { type Bus, openBus } from "@rookery/bus";
import { parseInternal, subjects, type WorkerStatus } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";

export interface LagWatch {
  /** What the owner of that epoch said last; null when it has not spoken for some seconds. */
  lagOf(shard: number, epoch: number): number | null;
  close(): Promise<void>;
}

interface Said {
  readonly epoch: number;
  readonly lag: number;
  readonly heardMs: number;
}

/** Workers speak every second; an owner that missed this many is not heard. */
const saidMsMax = 3_500;

/** Listens to what workers say of their shards. @throws BusOutage when no server answers */
export async function openLagWatch(options: { readonly url: string; readonly log: Log }): Promise<LagWatch> {
  const bus: Bus = await openBus({ ...options, name: "rookery cli" });
  const said = new Map<number, Said>();
  const subscription = bus.subscribe(subjects.status, ({ bytes }) => {
    const heardMs = performance.now();
    for (const { shard, epoch, lag } of parseInternal<WorkerStatus>(bytes).shards) {
      if (epoch >= (said.get(shard)?.epoch ?? 0)) said.set(shard, { epoch, lag, heardMs });
    }
  });
  return {
    lagOf(shard, epoch) {
      const found = said.get(shard);
      if (found?.epoch !== epoch || performance.now() - found.heardMs > saidMsMax) return null;
      return found.lag;
    },
    async close() {
      subscription.close();
      await bus.close();
    },
  };
}
