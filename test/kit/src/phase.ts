/** Test files run side by side, each in a process of its own; what they say goes to the output. */
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { type CoveredFile, coverageGlobs } from "./coverage.ts";
import type { Count, Result } from "./repetition.ts";

export interface Phase {
  /** Paths from the root. */
  readonly files: readonly string[];
  readonly concurrency: number;
  /** A file that leaves something open does not end; this ends it, as failed. */
  readonly fileMsMax: number;
}

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** @param coverage gets what was run of each source; null: not wanted. */
export async function runPhase(
  phase: Phase,
  signal: AbortSignal,
  coverage: CoveredFile[][] | null,
): Promise<Result> {
  const failedFiles = new Set<string>();
  if (phase.files.length === 0 || signal.aborted)
    return { passed: 0, failed: 0, skipped: 0, failedFiles: [] };
  const events = run({
    files: phase.files.map((file) => join(root, file)),
    concurrency: phase.concurrency,
    timeout: phase.fileMsMax,
    signal,
    ...(coverage === null
      ? {}
      : { coverage: true, coverageIncludeGlobs: coverageGlobs.map((glob) => join(root, glob)) }),
  });
  events.on("test:coverage", ({ summary }) => coverage?.push(summary.files));
  // A test may be declared in a file that another runs: what is run again is the file that was run. One that ends badly by
  // itself has no summary, and is told under its own name.
  events.on("test:fail", ({ file, name }) => {
    const path = relative(root, file ?? name);
    if (phase.files.includes(path)) failedFiles.add(path);
  });
  let count: Count = { passed: 0, failed: 0, skipped: 0 };
  events.on("test:summary", ({ file, counts, success }) => {
    if (file !== undefined) {
      if (!success) failedFiles.add(relative(root, file));
      return;
    }
    const { passed, skipped, tests, todo } = counts;
    count = { passed, skipped: skipped + todo, failed: tests - passed - skipped - todo };
  });
  for await (const chunk of events.compose(new spec())) process.stdout.write(String(chunk));
  return { ...count, failedFiles: [...failedFiles] };
}
