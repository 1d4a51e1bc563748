/** What was still to be sent for a bot that is deleted has failed, and its chats are told why. */
import type { Relay } from "@rookery/host";
import { shardOf } from "@rookery/protocol";
import { finishSends, orphanSends, type SendResult, type Store } from "@rookery/store";
import type { JobShards } from "../job-shards.ts";
import { relayOf } from "./result-writer.ts";

const lookMs = 2_000;
/** Of one look; what is left is found by the next. */
const sendsMax = 1_000;
/** Longer than a call to Telegram takes: who made it writes its result first. */
const landingMs = 60_000;

export function startOrphanSends(parts: {
  readonly jobShards: JobShards;
  readonly store: Store;
  readonly relay: Pick<Relay, "send">;
  readonly shards: number;
  readonly lookMs?: number;
}): { close(): Promise<void> } {
  const { store, shards } = parts;

  const look = async (): Promise<void> => {
    const nowMs = Date.now();
    const found = await orphanSends(store, { begunBeforeMs: nowMs - landingMs, limit: sendsMax });
    const results = found.flatMap(({ id, action, botId, chatId, seq, state }): SendResult[] => {
      const shard = shardOf("bot", botId, shards);
      if (!ours.holds(shard)) return [];
      // A message that was there stays as it is there.
      const word = action !== "send" ? null : { chatId, seq, shard: shardOf("chat", chatId, shards) };
      const isBegun = state === "sending";
      const error = isBegun ? "the bot was deleted while this was on its way" : "the bot was deleted";
      return [
        {
          id,
          shard,
          state: isBegun ? "unknown" : "failed",
          messageId: null,
          pollId: null,
          error,
          atMs: nowMs,
          word,
        },
      ];
    });
    if (results.length === 0) return;
    const done = await finishSends(store, ours.fencesOf(results.map(({ shard }) => shard)), results);
    parts.relay.send(results.flatMap((result) => (done.has(result.id) ? relayOf(result) : [])));
  };

  const ours = parts.jobShards.join({ of: "sends of deleted bots", lookMs: parts.lookMs ?? lookMs, look });
  return { close: ours.close };
}
