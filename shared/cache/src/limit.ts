import { type Log, type Registry, Counter } from "@rookery/runtime";
import type { Cache } from "./cache.ts";
import { takeTokens } from "./take-token.ts";
import { type Bucket, type Rate, takeFromAll, type Taken } from "./token-bucket.ts";

/** One named limit; each key under it has a bucket of its own. */
export interface Limit extends Rate {
  readonly name: string;
  /**
   * While Redis is away: `open` lets everything pass (a cache must not stop the chat), `local` counts in this
   * process alone (guessing passwords must not become free).
   */
  readonly whenAway: "open" | "local";
}

/** What one request asks of one limit: a token of `key`'s bucket. */
export interface Claim {
  readonly limit: Limit;
  readonly key: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Until all that refused would allow; 0 when allowed. */
  readonly retryMs: number;
  /** The limits that were counted, in the order of the claims; not those that were let pass uncounted. */
  readonly counted: readonly { readonly limit: Limit; readonly taken: Taken }[];
}

export interface Limits {
  /**
   * Takes one token for each claim, or none when one is refused; one round trip to Redis. Claims name different
   * buckets. Never throws.
   */
  take(...claims: readonly Claim[]): Promise<Decision>;
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
/** A Redis that took as long to fail is not asked for a while, so that not every request waits for it. */
const slowMs = 200;
const pauseMs = 1_000;

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
  const seen = new Set<string>();
  let pausedUntilMs = 0;

  async function takeShared(claims: readonly Claim[]): Promise<Taken[] | null> {
    const startMs = performance.now();
    if (startMs < pausedUntilMs) return null;
    try {
      return await takeTokens(
        cache,
        claims.map(({ limit, key }) => ({ name: nameOf(limit, key), rate: limit })),
      );
    } catch (error) {
      const endMs = performance.now();
      if (endMs - startMs > slowMs) pausedUntilMs = endMs + pauseMs;
      log.debug({ err: error }, "limits are decided without Redis");
      return null;
    }
  }

  function takeHere(claims: readonly Claim[]): Taken[] {
    const names = claims.map(({ limit, key }) => nameOf(limit, key));
    const held = claims.map(({ limit }, index) => ({ bucket: buckets.get(names[index] ?? ""), rate: limit }));
    return takeFromAll(held, now()).map(({ bucket, taken }, index) => {
      const name = names[index] ?? "";
      // Deleting first keeps the map in order of use, so that the first entry is the longest unused.
      buckets.delete(name);
      buckets.set(name, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > localBucketsMax && oldest !== undefined) buckets.delete(oldest);
      return taken;
    });
  }

  return {
    take: async (...claims) => {
      for (const { limit } of claims) {
        if (seen.has(limit.name)) continue;
        // A limit that has refused nobody is 0, not unknown.
        seen.add(limit.name);
        refused.inc({ limit: limit.name }, 0);
      }
      if (!enabled || claims.length === 0) return { allowed: true, retryMs: 0, counted: [] };
      let asked: readonly Claim[] = claims;
      let taken = await takeShared(claims);
      if (taken === null) {
        for (const { limit } of claims) unguarded.inc({ limit: limit.name, mode: limit.whenAway });
        asked = claims.filter(({ limit }) => limit.whenAway === "local");
        taken = takeHere(asked);
      }
      for (const [index, { limit }] of asked.entries()) {
        if (taken[index]?.allowed === false) refused.inc({ limit: limit.name });
      }
      return {
        allowed: taken.every(({ allowed }) => allowed),
        retryMs: Math.max(0, ...taken.map(({ retryMs }) => retryMs)),
        counted: asked.flatMap(({ limit }, index) => {
          const each = taken[index];
          return each === undefined ? [] : [{ limit, taken: each }];
        }),
      };
    },
  };
}

function nameOf({ name }: Limit, key: string): string {
  return `${name}:${key}`;
}
