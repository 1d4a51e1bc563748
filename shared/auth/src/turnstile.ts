import { availableParallelism } from "node:os";
import { Fault } from "@rookery/protocol";

/** Work of libuv's threads that waits its turn, bounded: what comes when it is full hears `overloaded` (L7). */
export interface Turnstile {
  /** @throws Fault `overloaded` when too many wait. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Running and waiting, for metrics. */
  readonly load: { readonly running: number; readonly waiting: number };
}

/** libuv's, unless UV_THREADPOOL_SIZE says otherwise. One is left for files and name look-ups. */
const poolThreadsDefault = 4;

export function openTurnstile(options: {
  /** As many as there are threads or processors, when absent. */
  readonly runningMax?: number | undefined;
  readonly waitingMax: number;
  /** Told to whoever is refused: what is done here, and when to come again. */
  readonly refusal: { readonly message: string; readonly retryMs: number };
}): Turnstile {
  const threads = Number(process.env["UV_THREADPOOL_SIZE"]) || poolThreadsDefault;
  const runningMax = options.runningMax ?? Math.max(1, Math.min(availableParallelism(), threads - 1));
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async inTurn(work) {
      const { message, retryMs } = options.refusal;
      if (running < runningMax) running++;
      else if (waiting.length < options.waitingMax) await new Promise<void>((start) => waiting.push(start));
      else throw new Fault("overloaded", message, { retryMs });
      try {
        return await work();
      } finally {
        // The place is handed over, so that nobody slips in between.
        const next = waiting.shift();
        if (next === undefined) running--;
        else next();
      }
    },
    get load() {
      return { running, waiting: waiting.length };
    },
  };
}
