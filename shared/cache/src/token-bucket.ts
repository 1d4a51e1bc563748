/**
 * The token bucket, decided without clock or storage. `take-token.ts` holds the same arithmetic for Redis; a test
 * runs both against each other.
 */
export interface Rate {
  /** Tokens that come back in a minute; a whole number. */
  readonly perMinute: number;
  /** Tokens of a full bucket, a whole number: what may be taken at once. */
  readonly burst: number;
}

/** A token has this many units, so that every millisecond adds a whole number of them and nothing is rounded. */
const tokenUnits = 60_000;

export interface Bucket {
  readonly units: number;
  readonly atMs: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
  /** Until one token is there; 0 when this one was allowed. */
  readonly retryMs: number;
}

/** Takes one token. An absent bucket is a full one; a clock that went back adds nothing. */
export function takeFrom(
  bucket: Bucket | undefined,
  { perMinute, burst }: Rate,
  nowMs: number,
): { bucket: Bucket; taken: Taken } {
  const passedMs = bucket === undefined ? 0 : Math.max(0, nowMs - bucket.atMs);
  const full = burst * tokenUnits;
  const there = Math.min(full, (bucket?.units ?? full) + passedMs * perMinute);
  const allowed = there >= tokenUnits;
  const units = allowed ? there - tokenUnits : there;
  return {
    bucket: { units, atMs: Math.max(nowMs, bucket?.atMs ?? nowMs) },
    taken: {
      allowed,
      remaining: Math.floor(units / tokenUnits),
      resetMs: Math.ceil((full - units) / perMinute),
      retryMs: allowed ? 0 : Math.ceil((tokenUnits - units) / perMinute),
    },
  };
}
