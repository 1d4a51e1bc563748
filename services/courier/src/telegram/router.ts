/**
 * Answers what people say to bots, for the bots of the job shards we own.
 *
 *   chat's commit ──row, and word of it──▶ its chat's line ──its turn──▶ decided, services asked ──▶ committed ──▶ said
 *
 * The rows are the state (L10), lines are what is open of them. Word of new rows is only a hint to read; it may be lost, so they
 * are read from time to time. A chat's updates go one at a time in the order of their ids, chats beside each other. Everything is
 * written under the epoch of the bot's shard: who was deposed writes nothing, and says nothing (L2).
 */
import type { SecretBox } from "@rookery/auth";
import type { Relay } from "@rookery/host";
import { type ShardId, shardOf, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  type AnsweredUpdate,
  botsWithPendingUpdates,
  pendingUpdates,
  type PendingUpdate,
  type Store,
  sweepBotMemory,
} from "@rookery/store";
import type { TelegramClient } from "@rookery/telegram";
import type { JobShards } from "../job-shards.ts";
import { type AnswerParts, answerUpdate } from "./answer.ts";
import { openAnswerWriter } from "./answer-writer.ts";
import { openFloods } from "./floods.ts";
import { openGate } from "./gate.ts";
import { openRoutedBots } from "./routed-bot.ts";
import type { ServiceCaller } from "./service-caller.ts";
import { openTeller } from "./teller.ts";
import { awaitTurn } from "./turn.ts";

const lookMs = 2_000;
/** Of one bot in memory; what is beyond is read when there is room (L7). */
const updatesMax = 2_000;
/** Decided at once; those that wait for services are not counted. */
const decidingMax = 32;
const retryMs = 200;
const sweepMs = 10 * 60_000;
const sweepMax = 10_000;

export interface UpdateRouter {
  close(): Promise<void>;
}

interface Line {
  readonly shard: ShardId;
  /** By update id; the first is under way. */
  readonly updates: PendingUpdate[];
  ended: Promise<void>;
}

export function startUpdateRouter(parts: {
  readonly jobShards: JobShards;
  readonly store: Store;
  readonly relay: Pick<Relay, "send">;
  readonly client: Pick<TelegramClient, "ask">;
  readonly secrets: SecretBox;
  readonly services: ServiceCaller;
  readonly shards: number;
  readonly log: Log;
}): UpdateRouter {
  const { store, log } = parts;
  const now = Date.now;
  const bots = openRoutedBots({ store, secrets: parts.secrets, now, log });
  const gate = openGate(decidingMax);
  const lines = new Map<string, Line>();
  /** Which updates are in lines, by bot. */
  const known = new Map<UserId, Set<number>>();
  /** Answered, by the count of reads then: a read that had begun may still find them pending. */
  const finished = new Map<string, number>();
  const hinted = new Set<UserId>();
  let reads = 0;
  let reading: Promise<void> | null = null;
  let closing = false;

  const shardOfBot = (botId: UserId): ShardId => shardOf("bot", botId, parts.shards);
  const teller = openTeller({ client: parts.client, now, log });
  const answering: AnswerParts = {
    store,
    services: parts.services,
    floods: openFloods({ store, now }),
    tell: teller.tell,
    gate,
    shards: parts.shards,
    now,
    log,
  };

  const hint = (botIds: Iterable<UserId>): void => {
    for (const botId of botIds) if (ours.holds(shardOfBot(botId))) hinted.add(botId);
    if (hinted.size === 0 || reading !== null) return;
    reading = read()
      .catch((error: unknown) => log.warn({ err: String(error) }, "open updates could not be read"))
      .finally(() => {
        reading = null;
        // Those who came while the last look ended.
        hint([]);
      });
  };

  const read = async (): Promise<void> => {
    while (hinted.size > 0 && !closing) {
      const asked = [...hinted].filter((botId) => (known.get(botId)?.size ?? 0) < updatesMax);
      hinted.clear();
      if (asked.length === 0) return;
      reads += 1;
      const open = asked.flatMap((botId) =>
        [...(known.get(botId) ?? [])].map((updateId) => ({ botId, updateId })),
      );
      const rows = await pendingUpdates(store, asked, open, updatesMax);
      for (const row of rows) add(row);
      for (const [key, at] of finished) if (at < reads) finished.delete(key);
    }
  };

  const add = (update: PendingUpdate): void => {
    const { botId, updateId, chatId } = update;
    const shard = shardOfBot(botId);
    if (!ours.holds(shard) || finished.has(`${botId}/${updateId}`)) return;
    const ids = known.get(botId) ?? new Set();
    if (ids.has(updateId) || ids.size >= updatesMax) return;
    known.set(botId, ids.add(updateId));
    const name = `${botId}/${chatId ?? ""}`;
    const line = lines.get(name);
    if (line !== undefined) {
      const at = line.updates.findLastIndex((other) => other.updateId < updateId) + 1;
      line.updates.splice(Math.max(at, 1), 0, update);
      return;
    }
    const begun: Line = { shard, updates: [update], ended: Promise.resolve() };
    lines.set(name, begun);
    begun.ended = work(begun)
      .catch((error: unknown) => log.error({ err: error, botId }, "a line of updates met a bug"))
      .finally(() => {
        for (const left of begun.updates) known.get(botId)?.delete(left.updateId);
        lines.delete(name);
      });
  };

  const work = async ({ shard, updates }: Line): Promise<void> => {
    let isFirst = true;
    for (let update = updates[0]; update !== undefined && ours.holds(shard); update = updates[0]) {
      await gate.enter();
      let isDone: boolean;
      try {
        isDone = await handle(update, isFirst, ours.signalOf(shard));
      } catch (error) {
        isDone = false;
        const { botId, updateId } = update;
        log.warn({ err: String(error), botId, updateId }, "an update could not be answered yet");
      } finally {
        gate.leave();
      }
      if (isDone) {
        finished.set(`${update.botId}/${update.updateId}`, reads);
        known.get(update.botId)?.delete(update.updateId);
        updates.shift();
        isFirst = false;
      } else if (ours.holds(shard)) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  };

  /** @returns whether it is answered, or not ours to answer. */
  const handle = async (update: PendingUpdate, isFirst: boolean, signal: AbortSignal): Promise<boolean> => {
    const bot = await bots.get(update.botId);
    const answer = await answerUpdate(answering, bot, update, signal);
    if (answer === null || signal.aborted) return false;
    const { botId, chatId } = update;
    if (chatId !== null && answer.answered.messages.length > 0) {
      gate.leave();
      try {
        await awaitTurn(parts, { botId, chatId, isFirst }, signal);
      } finally {
        await gate.enter();
      }
    }
    if (signal.aborted) return false;
    if (await writer.write(answer.answered)) {
      parts.relay.send(relaysOf(answer.answered));
      if (bot !== null) for (const call of answer.calls) teller.insist(bot, call);
    }
    return true;
  };

  const look = async (): Promise<void> => {
    if (ours.some) hint(await botsWithPendingUpdates(store));
  };
  const sweep = (): void => {
    sweepBotMemory(store, now(), sweepMax).catch((error: unknown) => {
      log.warn({ err: String(error) }, "what bots remember could not be swept");
    });
  };
  const drain = async (shard: ShardId): Promise<void> => {
    await Promise.all([...lines.values()].flatMap((line) => (line.shard === shard ? [line.ended] : [])));
  };

  const ours = parts.jobShards.join({
    of: "open updates",
    hears: { kind: "telegramUpdate", hear: (jobs) => hint(jobs.map(({ botId }) => botId)) },
    lookMs,
    look,
    drain,
  });
  const writer = openAnswerWriter({ store, fencesOf: ours.fencesOf, givenUp: () => closing, log });
  const sweeping = setInterval(sweep, sweepMs);

  return {
    async close() {
      closing = true;
      clearInterval(sweeping);
      await ours.close();
      await reading;
      await Promise.all([...lines.values()].map(({ ended }) => ended));
      await teller.close();
    },
  };
}

function relaysOf({ messages }: AnsweredUpdate): Parameters<Relay["send"]>[0] {
  return messages.map(({ id, chatId, sourceShard, command, createdMs, requestId }) => ({
    id,
    sourceShard,
    targetKind: "chat",
    targetId: chatId,
    command,
    createdMs,
    requestId,
  }));
}
