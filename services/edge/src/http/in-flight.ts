/** Counts what is being done, up to a bound, and tells when nothing is. */
export interface InFlight {
  /** False when the bound is reached; then nothing was counted. */
  enter(): boolean;
  leave(): void;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

export function openInFlight(max: number): InFlight {
  let count = 0;
  const waiting: (() => void)[] = [];
  return {
    enter: () => {
      if (count >= max) return false;
      count++;
      return true;
    },
    leave: () => {
      count--;
      if (count > 0) return;
      for (const wake of waiting.splice(0)) wake();
    },
    idle: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
