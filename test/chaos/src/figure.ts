/** The value below which `share` of the values lie; undefined when there are none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** `1.24 s`, `85 ms`, or a dash. */
export function duration(durationMs: number | undefined): string {
  if (durationMs === undefined) return "–";
  return durationMs < 1_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1_000).toFixed(2)} s`;
}
