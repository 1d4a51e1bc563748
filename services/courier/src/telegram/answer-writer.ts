import type { ShardId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { type AnsweredUpdate, finishUpdates, isRefusal, type JobFence, type Store } from "@rookery/store";
import { openBatchWriter } from "../batch-writer.ts";

export interface AnswerWriter {
  /** Resolves when it is committed: true, or false where it is not ours to do any more. */
  write(answered: AnsweredUpdate): Promise<boolean>;
}

interface Waiting {
  readonly answered: AnsweredUpdate;
  readonly told: (isWritten: boolean) => void;
}

/** How many may be one commit: what ends buttons does not see those that are made beside it, so it begins another. */
function together(waiting: readonly Waiting[]): number {
  const next = waiting.findIndex(({ answered }, at) => at > 0 && answered.invalidated.length > 0);
  return next === -1 ? waiting.length : next;
}

/** Writes what updates led to in batches. */
export function openAnswerWriter(parts: {
  readonly store: Store;
  readonly fencesOf: (shards: Iterable<ShardId>) => readonly JobFence[];
  readonly givenUp: () => boolean;
  readonly log: Log;
}): AnswerWriter {
  const { store, givenUp, log } = parts;

  const attempt = async (batch: readonly Waiting[]): Promise<void> => {
    const fences = parts.fencesOf(batch.map(({ answered }) => answered.shard));
    const done = await finishUpdates(
      store,
      fences,
      batch.map(({ answered }) => answered),
    );
    for (const { answered, told } of batch) told(done.has(`${answered.botId}/${answered.updateId}`));
  };

  /** One that Postgres refuses holds up nobody: it has failed, with nothing said. */
  const attemptEach = async (batch: readonly Waiting[]): Promise<void> => {
    for (const each of batch) {
      try {
        await attempt([each]);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const { botId, updateId, shard, doneMs } = each.answered;
        log.error({ botId, updateId, err: String(error) }, "what an update led to cannot be written");
        const words = "its answer cannot be stored";
        const failed = { botId, updateId, shard, doneMs, state: "failed", error: words } as const;
        const nothing = { messages: [], tokens: [], invalidated: [], usage: [] };
        await attempt([{ ...each, answered: { ...failed, ...nothing } }]);
      }
    }
  };

  // Those of a batch that were told are written: to write them again changes nothing, for they are pending no more.
  const writer = openBatchWriter<Waiting>({
    undone: "answers are not written yet",
    write: (batch) =>
      attempt(batch).catch((error: unknown) => {
        if (!isRefusal(error)) throw error;
        return attemptEach(batch);
      }),
    together,
    givenUp,
    dropped(unwritten) {
      for (const { told } of unwritten) told(false);
    },
    log,
  });

  return { write: (answered) => new Promise((told) => writer.add({ answered, told })) };
}
