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
