import type { Relay } from "@rookery/host";
import type { ShardId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { finishSends, type JobFence, relayIdOf, type SendResult, stateOf, type Store } from "@rookery/store";
import type { QueuedSend, SendingBot } from "./sending-bot.ts";

/** What became of a send of one of our bots. */
export interface NotedResult {
  readonly bot: SendingBot;
  readonly send: QueuedSend;
  readonly result: SendResult;
}

export interface ResultWriter {
  /** To be written, with word of it to the chat; `written` is called when that is so, or not ours to do any more. */
  add(noted: NotedResult): void;
  /** Resolves when nothing is to be written, or it was given up. */
  idle(): Promise<void>;
}

const retryMs = 200;

/** Writes results in batches: those that come while one is on its way go with the next. */
export function openResultWriter(parts: {
  readonly store: Store;
  readonly relay: Pick<Relay, "send">;
  readonly fencesOf: (shards: Iterable<ShardId>) => readonly JobFence[];
  readonly written: (noted: readonly NotedResult[]) => void;
  readonly givenUp: () => boolean;
  readonly log: Log;
}): ResultWriter {
  const waiting: NotedResult[] = [];
  let writing: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      const results = batch.map(({ result }) => result);
      try {
        const fences = parts.fencesOf(batch.map(({ bot }) => bot.shard));
        const done = await finishSends(parts.store, fences, results);
        parts.written(batch);
        parts.relay.send(results.flatMap((result) => (done.has(result.id) ? relayOf(result) : [])));
      } catch (error) {
        parts.log.warn({ err: String(error), results: batch.length }, "results of sends are not written yet");
        waiting.unshift(...batch);
        if (parts.givenUp()) return;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };

  return {
    add(noted) {
      waiting.push(noted);
      writing ??= write().finally(() => {
        writing = null;
      });
    },
    idle: async () => {
      await writing;
    },
  };
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
