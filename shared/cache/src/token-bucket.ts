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

/** An absent bucket is a full one. */
export interface HeldBucket {
  readonly bucket: Bucket | undefined;
  readonly rate: Rate;
}

export interface Taken {
  /** Whether this bucket had a token to give. */
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
  /** Until one token is there; 0 when one was. */
  readonly retryMs: number;
}

/**
 * Takes one token from each bucket, or, when one of them has none, from none: what is refused costs nothing, so that
 * somebody beyond their own limit does not use up one they share with others. A clock that went back adds nothing.
 */
export function takeFromAll(
  held: readonly HeldBucket[],
  nowMs: number,
): { readonly bucket: Bucket; readonly taken: Taken }[] {
  const there = held.map((each) => unitsAt(each, nowMs));
  const price = there.every((units) => units >= tokenUnits) ? tokenUnits : 0;
  return held.map(({ bucket, rate }, index) => {
    const before = there[index] ?? 0;
    const units = before - price;
    const allowed = before >= tokenUnits;
    return {
      bucket: { units, atMs: Math.max(nowMs, bucket?.atMs ?? nowMs) },
      taken: {
        allowed,
        remaining: Math.floor(units / tokenUnits),
        resetMs: Math.ceil((rate.burst * tokenUnits - units) / rate.perMinute),
        retryMs: allowed ? 0 : Math.ceil((tokenUnits - units) / rate.perMinute),
      },
    };
  });
}

function unitsAt({ bucket, rate }: HeldBucket, nowMs: number): number {
  const full = rate.burst * tokenUnits;
  if (bucket === undefined) return full;
  return Math.min(full, bucket.units + Math.max(0, nowMs - bucket.atMs) * rate.perMinute);
}
