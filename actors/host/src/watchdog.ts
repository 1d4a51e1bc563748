import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { Shard } from "./shard.ts";

const lookMs = 500;
/** A shard with work whose offset stands still for so long is not served by us. */
const stillMsMax = 2_000;
/** Answers of Postgres in a row, after a standstill, that make us fit again. */
const answersMin = 3;

/**
 * Liveness is not progress: a worker that is heard but cannot commit, say because its way to Postgres is cut without
 * a word, says that it is unfit, and those who can take its shards over. It keeps trying: the fence decides (L2).
 */
export function startWatchdog(parts: {
  readonly store: Store;
  readonly log: Log;
  readonly shards: () => readonly Shard[];
  readonly setFit: (fit: boolean) => void;
}): { close(): void } {
  const seen = new Map<Shard, { appliedSeq: number; atMs: number }>();
  let fit = true;
  let answers = 0;

  const isStill = (shard: Shard): boolean => {
    const nowMs = performance.now();
    const last = seen.get(shard);
    // What is decided and not committed is work too, also where nothing lies behind it.
    const isIdle = shard.lag === 0 && shard.decidedSeq === shard.appliedSeq;
    if (last === undefined || last.appliedSeq !== shard.appliedSeq || isIdle) {
      seen.set(shard, { appliedSeq: shard.appliedSeq, atMs: nowMs });
      return false;
    }
    return nowMs - last.atMs > stillMsMax;
  };

  const look = async (): Promise<void> => {
    const shards = parts.shards();
    for (const shard of seen.keys()) if (!shards.includes(shard)) seen.delete(shard);
    const still = shards.filter(isStill);
    if (still.length > 0) {
      answers = 0;
      if (fit)
        parts.log.error({ shards: still.map((each) => each.id) }, "no progress: others are to take over");
      fit = false;
    } else if (!fit) {
      await parts.store.query("select 1");
      answers += 1;
      if (answers >= answersMin) {
        fit = true;
        parts.log.info("fit to hold shards again");
      }
    }
    parts.setFit(fit);
  };

  const timer = setInterval(() => {
    look().catch(() => {
      answers = 0;
    });
  }, lookMs);
  return {
    close() {
      clearInterval(timer);
    },
  };
}
