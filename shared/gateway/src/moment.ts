/**
 * What comes in one moment begins together, at the end of a turn of the event loop; but a moment begins at the earliest `spacingMs`
 * after the one before it. So who comes alone waits for nobody, and who comes with many waits for at most that long; however many
 * come, the moments are few, and it is they that cost: each is a turn of every process behind this one. How much may wait is
 * bounded by who lets it in.
 */
export function openMoments(spacingMs: number, now: () => number): (begin: () => void) => void {
  let waiting: (() => void)[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;

  const run = (): void => {
    lastMs = now();
    const due = waiting;
    waiting = [];
    for (const begin of due) begin();
  };

  return (begin) => {
    if (waiting.push(begin) > 1) return;
    const leftMs = lastMs + spacingMs - now();
    if (leftMs > 0) setTimeout(run, leftMs);
    else setImmediate(run);
  };
}
