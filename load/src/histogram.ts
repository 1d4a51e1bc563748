import { createHistogram } from "node:perf_hooks";

export interface Percentiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Times in milliseconds, kept to a microsecond and three digits, in bounded memory (an HDR histogram). */
export interface Histogram {
  record(ms: number): void;
  /** @returns zeros while nothing was recorded. */
  percentiles(): Percentiles;
}

const highestUs = 3_600_000_000;

export function createTimeHistogram(): Histogram {
  const histogram = createHistogram({ lowest: 1, highest: highestUs, figures: 3 });
  return {
    record(ms) {
      // The histogram takes whole numbers from 1 on; a time below a microsecond is one.
      histogram.record(Math.min(highestUs, Math.max(1, Math.round(ms * 1_000))));
    },
    percentiles() {
      if (histogram.count === 0) return { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
      return {
        count: histogram.count,
        p50Ms: histogram.percentile(50) / 1_000,
        p99Ms: histogram.percentile(99) / 1_000,
        maxMs: histogram.max / 1_000,
      };
    },
  };
}
