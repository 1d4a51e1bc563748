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
import { type BatchWriter, openBatchWriter } from "../batch-writer.ts";
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

/** Writes results in batches; `written` is called with what was still ours to write. */
export function openAttemptWriter(parts: {
  readonly store: Store;
  readonly fencesOf: (shards: Iterable<ShardId>) => readonly JobFence[];
  readonly written: (batch: readonly NotedAttempt[], finished: FinishedAttempts) => void;
  readonly givenUp: () => boolean;
  readonly log: Log;
}): BatchWriter<NotedAttempt> {
  const { givenUp, log } = parts;

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

  /** What Postgres refuses is tried anew from its rows. */
  const finishOrGiveUp = async (batch: readonly NotedAttempt[]): Promise<FinishedAttempts> => {
    try {
      return await finish(batch);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      log.warn({ err: String(error), results: batch.length }, "attempts cannot be written");
      return { ids: new Set(), told: [] };
    }
  };

  return openBatchWriter({
    undone: "attempts are not written yet",
    write: async (batch) => parts.written(batch, await finishOrGiveUp(batch)),
    givenUp,
    log,
  });
}

function notesOf(batch: readonly NotedAttempt[]): Map<number, EndpointNote> {
  const notes = new Map<number, EndpointNote>();
  for (const { note } of batch) {
    if (note !== null && notes.get(note.id)?.disabledReason == null) notes.set(note.id, note);
  }
  return notes;
}
