import { type Log, sparseWarning } from "@rookery/runtime";

export interface BatchWriter<T> {
  add(each: T): void;
  /** Resolves when nothing is to be written, or it was given up. */
  idle(): Promise<void>;
}

const retryMs = 200;
/** In one statement. */
const batchMax = 500;

/**
 * Writes in batches: those that come while one is on its way go with the next. A batch that failed is written again, before
 * those that came later, until `givenUp`: so `write` must change nothing the second time for those it had written. What
 * Postgres refuses it will refuse again: `write` deals with that itself.
 */
export function openBatchWriter<T>(parts: {
  /** What is told while it cannot be done. */
  readonly undone: string;
  readonly write: (batch: readonly T[]) => Promise<void>;
  /** How many of these, the first of those that wait, may be one batch: at least one; without it all. */
  readonly together?: (first: readonly T[]) => number;
  readonly givenUp: () => boolean;
  /** What was given up, with all that waited behind it. */
  readonly dropped?: (unwritten: readonly T[]) => void;
  readonly log: Log;
}): BatchWriter<T> {
  const { together = (first) => first.length } = parts;
  const warn = sparseWarning(parts.log, parts.undone);
  let waiting: T[] = [];
  let writing: Promise<void> | null = null;

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const first = waiting.slice(0, batchMax);
      const batch = first.slice(0, together(first));
      waiting = waiting.slice(batch.length);
      try {
        await parts.write(batch);
      } catch (error) {
        warn({ err: String(error), batch: batch.length });
        waiting = [...batch, ...waiting];
        if (parts.givenUp()) {
          parts.dropped?.(waiting.splice(0));
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };

  return {
    add(each) {
      waiting.push(each);
      // Those of one moment go together.
      writing ??= Promise.resolve()
        .then(run)
        .finally(() => {
          writing = null;
        });
    },
    idle: async () => {
      await writing;
    },
  };
}
