/**
 * Carries out the broadcasts of the bots whose job shards we own.
 *
 *   waiting ──a few at a time──▶ fed: its chat is asked by relay ──▶ the chat's send, bulk ──▶ Telegram ──▶ sent, failed
 *
 * The rows are the state (L10) and nothing is kept in memory: whoever owns the shard goes on from there. A chat is asked under the
 * name `broadcast-<id>-<n>`, and once: that its target is fed and the relay that asks it are one statement, under the epoch of
 * the bot's shard (L2). Only a window of targets is fed at a time, so that a pause is felt within seconds.
 */
import type { Relay } from "@rookery/host";
import { type ShardId, shardOf, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  countFed,
  feedTargets,
  finishBroadcasts,
  type JobFence,
  type OpenBroadcast,
  openBroadcasts,
  settleTargets,
  type Store,
  waitingTargets,
} from "@rookery/store";
import type { JobShards } from "../job-shards.ts";

const lookMsDefault = 500;
/** Fed and without a result, of one bot: between two and three seconds of its sends. */
const windowMax = 60;
/** At a look: what goes into the log at once is before whatever people say in the meantime. */
const portionMax = 20;
/** Chats that Telegram keeps waiting do not hold up the others: after so long they are no more in the window, */
const recentMs = 30_000;
/** but of these too there are no more than so many. */
const fedMax = 1_000;

export interface Broadcaster {
  /** What is fed stays fed. */
  close(): Promise<void>;
}

export function startBroadcaster(parts: {
  readonly jobShards: JobShards;
  readonly store: Store;
  readonly relay: Pick<Relay, "send">;
  readonly shards: number;
  readonly log: Log;
  readonly paceFactor?: number;
  readonly lookMs?: number;
}): Broadcaster {
  const { store, shards, log, paceFactor = 1, lookMs = lookMsDefault } = parts;

  const look = async (): Promise<void> => {
    if (!ours.some) return;
    const bots = Map.groupBy(await openBroadcasts(store), ({ botId }) => botId);
    for (const [botId, broadcasts] of bots) {
      await advance(botId, broadcasts).catch((error: unknown) => {
        log.warn({ err: String(error), botId }, "the broadcasts of a bot could not go on yet");
      });
    }
  };

  const advance = async (botId: UserId, broadcasts: readonly OpenBroadcast[]): Promise<void> => {
    const shard = shardOf("bot", botId, shards);
    if (!ours.holds(shard)) return;
    const fences = ours.fencesOf([shard]);
    const owned = broadcasts.map(({ id }) => ({ id, shard }));
    await settleTargets(store, fences, owned);
    const running = broadcasts.flatMap(({ id, state }) => (state === "running" ? [id] : []));
    if (running.length > 0) {
      const nowMs = Date.now();
      // Those of broadcasts that were stopped are on their way as well.
      const ids = broadcasts.map(({ id }) => id);
      const fed = await countFed(store, ids, nowMs - recentMs);
      const rooms = [portionMax, windowMax - fed.recent / paceFactor, fedMax - fed.all / paceFactor];
      const room = Math.floor(Math.min(...rooms) * paceFactor);
      if (room > 0) await feed(shard, fences, running, room, nowMs);
    }
    await finishBroadcasts(store, fences, owned, Date.now());
  };

  const feed = async (
    shard: ShardId,
    fences: readonly JobFence[],
    broadcastIds: readonly number[],
    room: number,
    nowMs: number,
  ): Promise<void> => {
    const next = await waitingTargets(store, broadcastIds, room);
    if (next.length === 0) return;
    const targets = next.map(({ broadcastId, n, chatId }) => ({
      broadcastId,
      n,
      shard,
      sourceShard: shardOf("chat", chatId, shards),
    }));
    parts.relay.send(await feedTargets(store, fences, targets, nowMs));
  };

  const ours = parts.jobShards.join({ of: "broadcasts", lookMs, look });

  return { close: ours.close };
}
