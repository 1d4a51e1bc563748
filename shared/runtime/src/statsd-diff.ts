/** From Prometheus' running totals to what StatsD wants to hear: what has happened since. Pure. */

export interface Sample {
  /** Of the histogram, where `name` is that of its bucket, sum or count. */
  readonly family: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface StatsdCall {
  readonly kind: "counter" | "gauge" | "timing" | "histogram";
  readonly name: string;
  /** Of a timing in milliseconds. */
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Values told of one histogram in one round; beyond it a sample of the same shape, the count tells the rest. */
export const valuesMax = 100;

interface Bucket {
  /** Upper bound; infinite for the last. */
  readonly le: number;
  /** Observations up to that bound since the last round. */
  readonly added: number;
}

/**
 * What to tell, and the totals to compare with next time.
 *
 * A histogram is known by its buckets only, so its values are told as the upper bounds of the buckets they fell into;
 * `…_count` and `…_sum` are exact.
 */
export function diffSamples(
  samples: readonly Sample[],
  before: ReadonlyMap<string, number>,
): { readonly calls: readonly StatsdCall[]; readonly totals: ReadonlyMap<string, number> } {
  const calls: StatsdCall[] = [];
  const totals = new Map<string, number>();
  const series = new Map<string, { family: string; tags: Record<string, string>; buckets: Bucket[] }>();
  for (const { family, type, name, labels, value } of samples) {
    if (!Number.isFinite(value)) continue;
    const { le, ...rest } = labels;
    const tags = Object.fromEntries(Object.entries(rest).map(([key, label]) => [key, String(label)]));
    if (type === "gauge" || labels["quantile"] !== undefined) {
      calls.push({ kind: "gauge", name, value, tags });
      continue;
    }
    const key = JSON.stringify([name, labels]);
    totals.set(key, value);
    const added = value - (before.get(key) ?? 0);
    if (le === undefined) {
      if (added > 0) calls.push({ kind: "counter", name, value: added, tags });
      continue;
    }
    const place = JSON.stringify([family, rest]);
    const found = series.get(place) ?? { family, tags, buckets: [] };
    series.set(place, found);
    found.buckets.push({ le: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), added });
  }
  for (const { family, tags, buckets } of series.values()) {
    const isTime = family.endsWith("_seconds");
    for (const bound of sampleOf(buckets)) {
      const value = isTime ? bound * 1_000 : bound;
      calls.push({ kind: isTime ? "timing" : "histogram", name: family, value, tags });
    }
  }
  return { calls, totals };
}

/** Upper bounds, one for each observation, at most `valuesMax`. What exceeds the last finite bound counts as it. */
function sampleOf(buckets: readonly Bucket[]): number[] {
  const sorted = buckets.toSorted((a, b) => a.le - b.le);
  const total = sorted.at(-1)?.added ?? 0;
  const share = Math.min(1, valuesMax / Math.max(1, total));
  const values: number[] = [];
  let bound = 0;
  for (const { le, added } of sorted) {
    if (Number.isFinite(le)) bound = le;
    // By the running total, so that what is rounded off one bucket is made up by the next.
    while (values.length < Math.round(added * share)) values.push(bound);
  }
  return values;
}
