import type { ShardId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  type EndpointNote,
  finishAttempts,
  type FinishedAttempts,
  isRefusal,
  type JobFence,
  type OperationalEvent,
  type Store,
  type DeliveryResult,
} from "@rookery/store";
import type { Desk, HeldDelivery } from "./desk.ts";

/** What became of a delivery of ours. */
export interface NotedAttempt {
  readonly desk: Desk;
  readonly delivery: HeldDelivery;
  readonly result: DeliveryResult;
  /** When it is due again, on the steady clock. */
  readonly dueMs: number | null;
  readonly note: EndpointNote | null;
  readonly events: readonly OperationalEvent[];
}

export interface AttemptWriter {
  add(noted: NotedAttempt): void;
  /** Resolves when nothing is to be written, or it was given up. */
  idle(): Promise<void>;
}

const retryMs = 200;
/** In one statement. */
const batchMax = 500;

/** Writes results in batches: those that come while one is on its way go with the next. */
export function openAttemptWriter(parts: {
  readonly store: Store;
  readonly fencesOf: (shards: Iterable<ShardId>) => readonly JobFence[];
  readonly written: (batch: readonly NotedAttempt[], finished: FinishedAttempts) => void;
  readonly givenUp: () => boolean;
  readonly log: Log;
}): AttemptWriter {
  let waiting: NotedAttempt[] = [];
  let writing: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax);
      waiting = waiting.slice(batchMax);
      try {
        parts.written(batch, await finish(batch));
      } catch (error) {
        parts.log.warn({ err: String(error), results: batch.length }, "attempts are not written yet");
        // What Postgres refuses it will refuse again: those are tried anew from their rows.
        if (isRefusal(error)) parts.written(batch, { ids: new Set(), told: [] });
        else waiting = [...batch, ...waiting];
        if (parts.givenUp()) return;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };

  const finish = (batch: readonly NotedAttempt[]): Promise<FinishedAttempts> =>
    finishAttempts(
      parts.store,
      parts.fencesOf(batch.map(({ desk }) => desk.shard)),
      batch.map(({ result }) => result),
      {
        // The last of an endpoint counts, but that it was disabled.
        notes: [...notesOf(batch).values()],
        events: batch.flatMap(({ events }) => events),
      },
    );

  return {
    add(noted) {
      waiting.push(noted);
      writing ??= Promise.resolve()
        .then(write)
        .finally(() => {
          writing = null;
        });
    },
    idle: async () => {
      await writing;
    },
  };
}

function notesOf(batch: readonly NotedAttempt[]): Map<number, EndpointNote> {
  const notes = new Map<number, EndpointNote>();
  for (const { note } of batch) {
    if (note !== null && notes.get(note.id)?.disabledReason == null) notes.set(note.id, note);
  }
  return notes;
}
