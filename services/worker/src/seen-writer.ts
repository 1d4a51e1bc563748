import type { UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { noteSeen, type Store } from "@rookery/store";

/** One statement a second at most, of at most so many users; the others wait for the next. */
const writeMs = 1_000;
const rowsMax = 5_000;
/** Users waiting to be written while Postgres is away; beyond it the oldest word is given up, and said anew later. */
const waitingMax = 200_000;

export interface SeenWriter {
  note(userId: UserId, seenMs: number): void;
  /** Writes what is left, if Postgres lets it. */
  close(): Promise<void>;
}

/** Writes when users were last there, many at once. Losing some of it costs a time that is a few minutes old. */
export function openSeenWriter({ store, log }: { readonly store: Store; readonly log: Log }): SeenWriter {
  const waiting = new Map<UserId, number>();
  let writing: Promise<void> | null = null;

  const put = (userId: UserId, seenMs: number): void => {
    waiting.set(userId, Math.max(seenMs, waiting.get(userId) ?? 0));
    const [oldest] = waiting.keys();
    if (waiting.size > waitingMax && oldest !== undefined) waiting.delete(oldest);
  };

  const write = async (): Promise<void> => {
    // In order of id: two workers that write the same users wait for each other, and never in a circle.
    const batch = [...waiting].slice(0, rowsMax).toSorted(([one], [other]) => one - other);
    for (const [userId] of batch) waiting.delete(userId);
    try {
      await noteSeen(store, batch);
    } catch (error) {
      log.warn({ err: String(error), users: batch.length }, "last seen could not be written yet");
      for (const [userId, seenMs] of batch) put(userId, seenMs);
    }
  };

  const timer = setInterval(() => {
    if (waiting.size === 0 || writing !== null) return;
    writing = write().finally(() => {
      writing = null;
    });
  }, writeMs);

  return {
    note: put,
    async close() {
      clearInterval(timer);
      await writing;
      if (waiting.size > 0) await write();
    },
  };
}
