import type { Relay } from "@rookery/host";
import type { ShardId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { finishSends, type JobFence, relayIdOf, type SendResult, stateOf, type Store } from "@rookery/store";
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

  return openBatchWriter({ undone: "results of sends are not written yet", write, givenUp, log });
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
