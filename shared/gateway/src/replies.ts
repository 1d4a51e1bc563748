import type { Bus } from "@rookery/bus";
import { type EdgeBatch, parseInternal, type ShardClaimed, subjects } from "@rookery/protocol";
import type { CommandGateway } from "./gateway.ts";

/**
 * Brings replies to the gateway of a process that asks and watches nothing: those addressed to it under `id`, and word of new
 * owners, to whom all that waits is said again.
 */
export function listenForReplies(parts: {
  readonly bus: Pick<Bus, "subscribe">;
  /** The gateway's `edge`. */
  readonly id: string;
  readonly gateway: Pick<CommandGateway, "settle" | "repeat">;
}): { close(): void } {
  const { bus, id, gateway } = parts;
  const epochs = new Map<number, number>();

  /** False for what an owner says that was deposed before (L2). */
  const isCurrent = (shard: number, epoch: number): boolean => {
    if (epoch < (epochs.get(shard) ?? -1)) return false;
    epochs.set(shard, epoch);
    return true;
  };

  const subscriptions = [
    bus.subscribe(subjects.edge(id), ({ bytes }) => {
      for (const { shard, epoch, replies } of parseInternal<EdgeBatch>(bytes).shards) {
        if (!isCurrent(shard, epoch)) continue;
        for (const [ref, reply] of replies) gateway.settle(ref, reply);
      }
    }),
    bus.subscribe(subjects.claimed, ({ bytes }) => {
      const { shard, epoch } = parseInternal<ShardClaimed>(bytes);
      if (isCurrent(shard, epoch)) gateway.repeat(shard);
    }),
  ];
  return {
    close() {
      for (const subscription of subscriptions) subscription.close();
    },
  };
}
