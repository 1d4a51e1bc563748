import { type Log, type Registry, Counter } from "@rookery/runtime";
import type { Cache } from "./cache.ts";
import { takeToken } from "./take-token.ts";
import { type Bucket, type Rate, takeFrom, type Taken } from "./token-bucket.ts";

/** One named limit; each key under it has a bucket of its own. */
export interface Limit extends Rate {
  readonly name: string;
  /**
   * While Redis is away: `open` lets everything pass (a cache must not stop the chat), `local` counts in this
   * process alone (guessing passwords must not become free).
   */
  readonly whenAway: "open" | "local";
}

export interface Limits {
  /** Takes one token of `key` under `limit`. Never throws. */
  take(limit: Limit, key: string): Promise<Taken>;
}

export interface LimitOptions {
  readonly cache: Cache;
  readonly metrics: Registry;
  readonly log: Log;
  readonly now: () => number;
  /** `RATE_LIMITS=off` allows everything. */
  readonly enabled: boolean;
}

/** Buckets kept in this process while Redis is away; beyond it the longest unused one is forgotten. */
const localBucketsMax = 10_000;

/** Opens the cluster's rate limits; token buckets in Redis, counted in `rookery_rate_limited_total{limit}`. */
export function openLimits({ cache, metrics, log, now, enabled }: LimitOptions): Limits {
  const refused = new Counter({
    name: "rookery_rate_limited_total",
    help: "Requests refused by a rate limit",
    labelNames: ["limit"],
    registers: [metrics],
  });
  const unguarded = new Counter({
    name: "rookery_rate_limit_away_total",
    help: "Requests decided without Redis: passed (open) or counted in this process (local)",
    labelNames: ["limit", "mode"],
    registers: [metrics],
  });
  const buckets = new Map<string, Bucket>();

  async function decide(limit: Limit, key: string): Promise<Taken> {
    const name = `${limit.name}:${key}`;
    try {
      return await takeToken(cache, name, limit);
    } catch (error) {
      unguarded.inc({ limit: limit.name, mode: limit.whenAway });
      log.debug({ err: error, limit: limit.name }, "a limit is decided without Redis");
    }
    if (limit.whenAway === "open") return passing(limit);
    const { bucket, taken } = takeFrom(buckets.get(name), limit, now());
    // Deleting first keeps the map in order of use, so that the first entry is the longest unused.
    buckets.delete(name);
    buckets.set(name, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > localBucketsMax && oldest !== undefined) buckets.delete(oldest);
    return taken;
  }

  return {
    take: async (limit, key) => {
      if (!enabled) return passing(limit);
      const taken = await decide(limit, key);
      if (!taken.allowed) refused.inc({ limit: limit.name });
      return taken;
    },
  };
}

function passing(limit: Limit): Taken {
  return { allowed: true, remaining: limit.burst, resetMs: 0, retryMs: 0 };
}
