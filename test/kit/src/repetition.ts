/**
 * Which files of a run are run once more, and what counts then. On a machine that is shared a wait may end too early for no fault
 * of the code; what passes when it is alone is counted as passed and named as unsteady, so that somebody looks at it.
 */

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Result extends Count {
  /** Paths from the root. */
  readonly failedFiles: readonly string[];
}

/** What judges histories and their order: a failure there is a finding, whatever the machine was doing. */
const findings = ["test/chaos/", "test/cluster/src/property"];
/** Where more files fail than these there is a reason. */
const filesMax = 4;

/** @returns the files to run once more, alone. */
export function repeated({ failed, failedFiles }: Result): readonly string[] {
  const isFinding = failedFiles.some((file) => findings.some((path) => file.startsWith(path)));
  return failed === 0 || isFinding || failedFiles.length > filesMax ? [] : failedFiles;
}

/** @returns what the whole run comes to, and the files that passed the second time only. */
export function settle(first: Result, again: Result): { count: Count; unsteady: readonly string[] } {
  const { passed, failed, skipped } = first;
  // Nothing ran: that is no proof of anything.
  if (again.passed === 0) return { count: { passed, failed, skipped }, unsteady: [] };
  return {
    count: { passed: passed + failed - again.failed, failed: again.failed, skipped },
    unsteady: first.failedFiles.filter((file) => !again.failedFiles.includes(file)),
  };
}
