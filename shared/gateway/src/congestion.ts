/**
 * Whether answers of a shard come so late that one more command would only wait behind the others. Pure; times are
 * arguments.
 *
 * At twice what a shard can do, a command that is let in while answers take `lateMs` waits for twice as long, and is still
 * answered within the 5 s that clients may count on. Where no answer comes at all (no owner, Postgres away) nothing is
 * known: commands wait, and are told `unavailable` in the end.
 */
import type { ShardId } from "@rookery/protocol";

const lateMs = 1_500;
/** How long an answer that came late speaks for its shard. */
const memoryMs = 1_000;

export interface Congestion {
  answered(shard: ShardId, waitedMs: number, nowMs: number): void;
  isLate(shard: ShardId, nowMs: number): boolean;
}

export function openCongestion(shards: number): Congestion {
  const waitedMs = new Float64Array(shards);
  const atMs = new Float64Array(shards);
  return {
    answered(shard, waited, nowMs) {
      waitedMs[shard] = waited;
      atMs[shard] = nowMs;
    },
    isLate: (shard, nowMs) => (waitedMs[shard] ?? 0) > lateMs && nowMs - (atMs[shard] ?? 0) < memoryMs,
  };
}
