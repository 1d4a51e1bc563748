import type { Relay } from "@rookery/host";
import type { ShardId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  finishSends,
  isRefusal,
  type JobFence,
  relayIdOf,
  type SendResult,
  stateOf,
  type Store,
} from "@rookery/store";
import { type BatchWriter, openBatchWriter } from "../batch-writer.ts";
import type { QueuedSend, SendingBot } from "./sending-bot.ts";

/** What became of a send of one of our bots. */
export interface NotedResult {
  readonly bot: SendingBot;
  readonly send: QueuedSend;
  readonly result: SendResult;
}

/**
 * Writes results in batches, with word of each to its chat; `written` is called when that is so, or they are not ours to write
 * any more.
 */
export function openResultWriter(parts: {
  readonly store: Store;
  readonly relay: Pick<Relay, "send">;
  readonly fencesOf: (shards: Iterable<ShardId>) => readonly JobFence[];
  readonly written: (noted: readonly NotedResult[]) => void;
  readonly givenUp: () => boolean;
  readonly log: Log;
}): BatchWriter<NotedResult> {
  const { givenUp, log } = parts;

  const write = async (batch: readonly NotedResult[]): Promise<void> => {
    const results = batch.map(({ result }) => result);
    const fences = parts.fencesOf(batch.map(({ bot }) => bot.shard));
    const done = await finishSends(parts.store, fences, results);
    parts.written(batch);
    parts.relay.send(results.flatMap((result) => (done.has(result.id) ? relayOf(result) : [])));
  };

  /** One that Postgres refuses holds up nobody: it is written without what Telegram said. */
  const writeEach = async (batch: readonly NotedResult[]): Promise<void> => {
    for (const each of batch) {
      try {
        await write([each]);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const { id, state } = each.result;
        log.error(
          { sendId: id, err: String(error) },
          "what became of a send cannot be written as it was told",
        );
        const words = state === "sent" ? null : "what Telegram said cannot be stored";
        await write([{ ...each, result: { ...each.result, pollId: null, error: words } }]);
      }
    }
  };

  // Those of a batch that are written already are open no more: to write them again changes nothing.
  return openBatchWriter({
    undone: "results of sends are not written yet",
    write: (batch) =>
      write(batch).catch((error: unknown) => {
        if (!isRefusal(error)) throw error;
        return writeEach(batch);
      }),
    givenUp,
    log,
  });
}

/** Word of a result for its chat. */
export function relayOf(result: SendResult): Parameters<Relay["send"]>[0] {
  const { word, atMs } = result;
  if (word === null) return [];
  const command = { kind: "settle", seq: word.seq, telegram: stateOf(result) };
  const id = relayIdOf(result);
  return [
    {
      id,
      sourceShard: word.shard,
      targetKind: "chat",
      targetId: word.chatId,
      command,
      createdMs: atMs,
      requestId: result.requestId ?? null,
    },
  ];
}
