/** Which lines of the product the tests have run: from node's own counts to a table and a verdict. Pure. */
import { isWhole, overallMin } from "./coverage-gate.ts";

/** Of one file, as `node:test` tells it. */
export interface CoveredFile {
  /** Absolute. */
  readonly path: string;
  readonly lines: readonly { readonly line: number; readonly count: number }[];
}

export interface CoverageReport {
  /** A package each, then all; then the files that are to be run whole and are not. */
  readonly text: string;
  readonly isEnough: boolean;
}

/** What is measured: the product, not its tests, its load or its benches. */
export const coverageGlobs = ["actors", "infra", "services", "shared"].map(
  (each) => `${each}/**/src/**/*.ts`,
);
const linesShown = 12;

interface Lines {
  readonly run: number;
  readonly all: number;
}

/** One of several runs' counts: a line is run when any of them ran it. */
export function mergeCoverage(runs: readonly (readonly CoveredFile[])[]): Map<string, Map<number, boolean>> {
  const files = new Map<string, Map<number, boolean>>();
  for (const { path, lines } of runs.flat()) {
    const known = files.get(path) ?? new Map<number, boolean>();
    files.set(path, known);
    for (const { line, count } of lines) known.set(line, (known.get(line) ?? false) || count > 0);
  }
  return files;
}

/**
 * @param root where the paths begin, without a slash at its end
 * @param sources the files of the product that hold code, from `root`: one that no test loads has no counts at all
 */
export function reportCoverage(
  root: string,
  runs: readonly (readonly CoveredFile[])[],
  sources: readonly string[] = [],
): CoverageReport {
  const packages = new Map<string, Lines>();
  const gaps: string[] = [];
  let total: Lines = { run: 0, all: 0 };
  const merged = [...mergeCoverage(runs)].map(
    ([path, lines]) => [path.slice(root.length + 1), lines] as const,
  );
  for (const [path, lines] of merged.toSorted(([one], [other]) => one.localeCompare(other))) {
    const missed = [...lines].flatMap(([line, isRun]) => (isRun ? [] : [line]));
    const counts = { run: lines.size - missed.length, all: lines.size };
    const name = path.split("/").slice(0, 2).join("/");
    packages.set(name, add(packages.get(name) ?? { run: 0, all: 0 }, counts));
    total = add(total, counts);
    if (isWhole(path) && missed.length > 0) gaps.push(`  ${path}: ${tellLines(missed)}`);
  }
  const seen = new Set(merged.map(([path]) => path));
  for (const path of sources) if (isWhole(path) && !seen.has(path)) gaps.push(`  ${path}: no test loads it`);
  const rows = [...packages, ["all", total] as const].map(
    ([name, counts]) =>
      `  ${name.padEnd(20)} ${percent(counts).padStart(6)}  ${counts.run}/${counts.all} lines`,
  );
  return {
    text: [
      "Lines run by the tests",
      ...rows,
      ...(gaps.length === 0 ? [] : ["To be run whole, and not:", ...gaps]),
    ].join("\n"),
    isEnough: gaps.length === 0 && total.all > 0 && total.run / total.all >= overallMin,
  };
}

function add(one: Lines, other: Lines): Lines {
  return { run: one.run + other.run, all: one.all + other.all };
}

function percent({ run, all }: Lines): string {
  return `${((100 * run) / Math.max(1, all)).toFixed(1)} %`;
}

/** `3–5, 9` */
function tellLines(lines: readonly number[]): string {
  const spans: [first: number, last: number][] = [];
  for (const line of lines.toSorted((a, b) => a - b)) {
    const span = spans.at(-1);
    if (span !== undefined && span[1] === line - 1) span[1] = line;
    else spans.push([line, line]);
  }
  const told = spans
    .slice(0, linesShown)
    .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  return spans.length > linesShown ? `${told.join(", ")}, …` : told.join(", ");
}

/** Whether a file has anything to run: one of types alone is never loaded. */
export function hasCode(source: string): boolean {
  return /^(export )?(default )?(async )?(const|let|function|class|if|for|await|process)\b/m.test(source);
}
