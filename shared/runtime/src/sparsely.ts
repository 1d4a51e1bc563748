import type { Log } from "./log.ts";

const warnEveryMs = 1_000;

/**
 * For what may be told too often: `tell` is called with how many there were since it was last called, at most once in
 * `everyMs`. Those that come meanwhile are counted for the next call, which one timer makes.
 */
export function sparsely(everyMs: number, tell: (count: number) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let count = 0;
  const due = (): void => {
    timer = undefined;
    if (count > 0) open();
  };
  const open = (): void => {
    const told = count;
    count = 0;
    // It holds up no process that would end.
    timer = setTimeout(due, everyMs).unref();
    tell(told);
  };
  return () => {
    count += 1;
    if (timer === undefined) open();
  };
}

/**
 * A warning that an outage would give for each request: at most one a second, of the last with its fields, and with the `count` of
 * all since the one before.
 */
export function sparseWarning(log: Log, message: string): (about: Readonly<Record<string, unknown>>) => void {
  let last: Readonly<Record<string, unknown>> = {};
  const complain = sparsely(warnEveryMs, (count) => log.warn({ ...last, count }, message));
  return (about) => {
    last = about;
    complain();
  };
}
