/** What rounds of A and B have shown, for the table of goals. Pure. */

export interface Figure {
  /** `P1` … in GOALS. */
  readonly goal: string;
  readonly about: string;
  readonly unit: string;
  readonly median: number;
  /** The round that was furthest on the wrong side. */
  readonly worst: number;
  readonly control?: { readonly about: string; readonly median: number };
  /** Ours over the control's, round by round. */
  readonly ratio?: { readonly median: number; readonly worst: number };
}

export interface Measured {
  readonly ours: number;
  readonly control?: number;
}

export function figureOf(
  what: {
    readonly goal: string;
    readonly about: string;
    readonly unit: string;
    readonly better: "more" | "less";
    readonly control?: string;
  },
  rounds: readonly Measured[],
): Figure {
  const { goal, about, unit, better, control } = what;
  const worstOf = (values: readonly number[]): number =>
    better === "more" ? Math.min(...values) : Math.max(...values);
  const ours = rounds.map((round) => round.ours);
  const figure = { goal, about, unit, median: median(ours), worst: worstOf(ours) };
  const theirs = rounds.flatMap((round) => round.control ?? []);
  if (control === undefined || theirs.length !== rounds.length) return figure;
  const ratios = rounds.map((round) => round.ours / (round.control ?? Number.NaN));
  return {
    ...figure,
    control: { about: control, median: median(theirs) },
    ratio: { median: median(ratios), worst: worstOf(ratios) },
  };
}

/** Of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

export function asFigureTable(figures: readonly Figure[]): string {
  const head = `${"".padEnd(58)}${"median".padStart(12)}${"worst".padStart(12)}${"control".padStart(12)}${"ratio".padStart(9)}${"worst".padStart(9)}`;
  const lines = figures.map(({ goal, about, unit, median: middle, worst, control, ratio }) =>
    [
      `${goal.padEnd(4)}${about}, ${unit}`.padEnd(58),
      short(middle).padStart(12),
      short(worst).padStart(12),
      (control === undefined ? "" : short(control.median)).padStart(12),
      (ratio === undefined ? "" : ratio.median.toFixed(2)).padStart(9),
      (ratio === undefined ? "" : ratio.worst.toFixed(2)).padStart(9),
    ].join(""),
  );
  return [head, ...lines].join("\n");
}

export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2);
}
