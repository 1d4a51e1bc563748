/**
 * Sends what chats have for Telegram, for the bots of the job shards we own.
 *
 *   chat's commit ──row, and word of it──▶ outbox ──its turn──▶ `sending` committed ──▶ Telegram
 *                                            ▲                                             │
 *                                            ├── again, or wait ◀──────────────────────────┤
 *                                            └── unknown: again, or marked ◀───────────────┤
 *                                    result, and word of it to the chat, committed ◀───────┘
 *
 * The rows are the state (L10), memory is what is open of them. Word of new rows may be lost, so they are counted from time to
 * time. Everything is written under the epoch of the bot's shard: who was deposed writes nothing (L2).
 */
import type { SecretBox } from "@rookery/auth";
import type { Relay } from "@rookery/host";
import { type ShardId, shardOf, type TelegramSend, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  beginSends,
  countOpenSends,
  listSendingBots,
  moveTelegramChat,
  openSendsOf,
  openSendsOfChats,
  type SendResult,
  type Store,
} from "@rookery/store";
import type { SentMessage, TelegramClient } from "@rookery/telegram";
import type { DepartureTrace } from "../departure-trace.ts";
import type { JobShards } from "../job-shards.ts";
import { retryDelayMs } from "../retry-delay.ts";
import { openResultWriter } from "./result-writer.ts";
import { type QueuedSend, selectBots, type SendingBot } from "./sending-bot.ts";
import { type Transmission, transmit } from "./transmission.ts";

const lookMs = 2_000;
/** Of one bot in memory; what is beyond is read when there is room (L7). */
const outboxMax = 50_000;
/** Calls to Telegram at once. */
const inFlightMax = 256;
/** The longest sleep of the pump. */
const idleMs = 1_000;
const retryMs = 200;
/** A stop waits so long for calls in flight. */
const landingMs = 5_000;
/** An attempt that fails for reasons that may end is repeated for so long; then it has failed. */
const lifeMs = 24 * 60 * 60 * 1_000;

export interface TelegramSender {
  /** Sends not done, of the bots we own. */
  readonly queued: number;
  close(): Promise<void>;
}

export function startTelegramSender(parts: {
  readonly jobShards: JobShards;
  readonly store: Store;
  readonly relay: Pick<Relay, "send">;
  readonly client: Pick<TelegramClient, "send" | "ask">;
  readonly secrets: SecretBox;
  readonly paceFactor?: number;
  readonly shards: number;
  readonly log: Log;
  /** None: nothing is traced. */
  readonly trace?: DepartureTrace | undefined;
}): TelegramSender {
  const { store, log } = parts;
  let bots = new Map<UserId, SendingBot>();
  const flights = new Map<string, { readonly bot: SendingBot; readonly landed: Promise<void> }>();
  /** Ends the calls in flight. */
  const abort = new AbortController();
  let closing = false;
  let pumpTimer: NodeJS.Timeout | undefined;
  let pumping: Promise<void> | null = null;
  /** Whose bots there are, and whether we know all that is open of theirs. */
  const reconcile = async (): Promise<void> => {
    bots = selectBots(await listSendingBots(store), bots, { ...parts, holds: ours.holds });
    if (bots.size === 0) return;
    const counts = await countOpenSends(store, [...bots.keys()]);
    for (const bot of bots.values()) {
      const count = counts.get(bot.id) ?? 0;
      if (count > 0 && (!bot.loaded || count > bot.outbox.size)) {
        for (const send of await openSendsOf(store, [bot.id], outboxMax)) add(bot, send);
      }
      bot.loaded = true;
    }
    pump();
  };

  /** A send that was under way when its owner ended may have arrived. */
  const add = (bot: SendingBot, send: QueuedSend): void => {
    const isMarked = bot.onUnknown === "mark" && send.action === "send";
    if (send.state === "sending" && isMarked && !flights.has(send.id)) {
      bot.outbox.add(send);
      note(bot, send, { kind: "unknown", error: "the courier that sent it ended before the answer came" });
      return;
    }
    bot.outbox.add(send);
  };

  const hear = async (jobs: readonly TelegramSend[], shard: ShardId): Promise<void> => {
    const strange = new Map<SendingBot, Set<number>>();
    for (const job of jobs) {
      const bot = bots.get(job.botId);
      if (bot === undefined || !bot.loaded) {
        ours.look();
        continue;
      }
      if (bot.outbox.size >= outboxMax) continue;
      const send: QueuedSend = { ...job, state: "pending", attempts: 0 };
      if (bot.outbox.follows(send)) bot.outbox.add(send);
      else strange.set(bot, (strange.get(bot) ?? new Set()).add(job.chatId));
    }
    pump();
    for (const [bot, chats] of strange) {
      for (const send of await openSendsOfChats(store, bot.id, [...chats])) add(bot, send);
    }
    if (strange.size > 0 && ours.holds(shard)) pump();
  };

  const pump = (): void => {
    clearTimeout(pumpTimer);
    if (closing || pumping !== null) return;
    pumping = pumpOnce()
      .catch((error: unknown) => {
        log.warn({ err: String(error) }, "sends could not be begun");
        return retryMs;
      })
      .then((afterMs) => {
        pumping = null;
        if (!closing) pumpTimer = setTimeout(pump, afterMs);
      });
  };

  /** @returns how long there is nothing to do. */
  const pumpOnce = async (): Promise<number> => {
    const nowMs = Date.now();
    const taken: { readonly bot: SendingBot; readonly send: QueuedSend }[] = [];
    for (const bot of bots.values()) {
      if (bot.token === null || !ours.holds(bot.shard)) continue;
      const room = inFlightMax - flights.size - taken.length;
      for (const send of bot.outbox.take(nowMs, room)) taken.push({ bot, send });
    }
    if (taken.length > 0) await launch(taken);
    const dueMs = [...bots.values()].flatMap(({ outbox }) => outbox.nextMs(Date.now()) ?? []);
    return Math.min(idleMs, Math.max(1, Math.min(...dueMs, Number.POSITIVE_INFINITY) - Date.now()));
  };

  const launch = async (
    taken: readonly { readonly bot: SendingBot; readonly send: QueuedSend }[],
  ): Promise<void> => {
    let begun: ReadonlyMap<string, number | null>;
    try {
      begun = await beginSends(
        store,
        ours.fencesOf(taken.map(({ bot }) => bot.shard)),
        taken.map(({ bot, send }) => ({ id: send.id, shard: bot.shard })),
      );
    } catch (error) {
      // Whether it was written or not, nothing has left.
      for (const { bot, send } of taken)
        bot.outbox.settle(send, { kind: "again", afterMs: retryMs }, Date.now());
      throw error;
    }
    for (const [bot, of] of Map.groupBy(taken, (each) => each.bot)) {
      bot.outbox.departed(
        of.map(({ send }) => send),
        Date.now(),
      );
    }
    for (const { bot, send } of taken) {
      const messageId = begun.get(send.id);
      // Lost meanwhile: its next owner knows that it may have left, and sends it.
      const isOurs = ours.fencesOf([bot.shard]).length > 0;
      if (messageId !== undefined && isOurs) flights.set(send.id, { bot, landed: fly(bot, send, messageId) });
      // Not open any more, or not ours.
      else bot.outbox.settle(send, { kind: "done" }, Date.now());
    }
  };

  const fly = async (bot: SendingBot, send: QueuedSend, messageId: number | null): Promise<void> => {
    try {
      const target = targetOf({ ...send, messageId }, bot.moved.get(send.chatId));
      const startMs = Date.now();
      const transmission = await transmit(parts.client, bot.token ?? "", target, abort.signal);
      const { requestId } = send.content;
      log.debug({ requestId, sendId: send.id, botId: bot.id, result: transmission.kind }, "a send was tried");
      if (parts.trace !== undefined) traceSend(parts.trace, send, { startMs, result: transmission.kind });
      if (transmission.kind === "moved") await follow(bot, send, target.telegramChatId, transmission.to);
      else note(bot, send, transmission);
    } catch (error) {
      log.error({ err: error, sendId: send.id }, "a send met a bug");
      note(bot, send, { kind: "failed", error: "internal" });
    } finally {
      flights.delete(send.id);
      pump();
    }
  };

  /** Its chat has another id at Telegram: there it is tried again, and in time the chat itself says so. */
  const follow = async (bot: SendingBot, send: QueuedSend, from: number, to: number): Promise<void> => {
    if (from === to)
      return note(bot, send, { kind: "failed", error: `Telegram says that ${to} has moved to ${to}` });
    const { botId, chatId } = send;
    const shard = shardOf("chat", chatId, parts.shards);
    try {
      parts.relay.send([
        await moveTelegramChat(store, {
          botId,
          chatId,
          to,
          shard,
          nowMs: Date.now(),
          requestId: send.content.requestId,
        }),
      ]);
      bot.moved.set(chatId, to);
    } catch (error) {
      log.warn({ err: String(error), botId, chatId }, "that a group has moved is not written yet");
    }
    bot.outbox.settle(send, { kind: "again", afterMs: 0 }, Date.now());
    pump();
  };

  /** What an attempt means for the send: settled here, or written first. */
  const note = (
    bot: SendingBot,
    send: QueuedSend,
    transmission: Exclude<Transmission, { kind: "moved" }>,
  ): void => {
    const nowMs = Date.now();
    const isOld = nowMs - send.createdMs > lifeMs;
    const again = (): void => {
      const afterMs = retryDelayMs(send.attempts, Math.random());
      send.attempts += 1;
      bot.outbox.settle(send, { kind: "again", afterMs }, nowMs);
    };
    const write = (
      state: SendResult["state"],
      { messageId, pollId }: Partial<SentMessage>,
      error: string | null,
    ): void => {
      const { chatId, seq } = send;
      const isNews = send.action === "send";
      const word = isNews ? { chatId, seq, shard: shardOf("chat", chatId, parts.shards) } : null;
      if (!isNews && state !== "sent") {
        log.info({ botId: bot.id, sendId: send.id, error }, "a message was not changed at Telegram");
      }
      const { requestId } = send.content;
      const named = { messageId: messageId ?? null, pollId: pollId ?? null };
      const result = { id: send.id, shard: bot.shard, state, ...named, error, atMs: nowMs, word, requestId };
      results.add({ bot, send, result });
    };
    switch (transmission.kind) {
      case "sent":
        return write("sent", transmission, null);
      case "failed":
        return write("failed", {}, transmission.error);
      case "patience":
        bot.outbox.settle(send, { kind: "patience", retryMs: transmission.retryMs }, nowMs);
        return;
      case "again":
        return isOld ? write("failed", {}, transmission.error) : again();
      case "unknown":
        // We stop: the next owner finds it under way, and knows as little.
        if (abort.signal.aborted) return;
        // To change a message twice does no harm.
        if ((bot.onUnknown === "mark" && send.action === "send") || isOld)
          return write("unknown", {}, transmission.error);
        return again();
    }
  };

  const drain = async (shard: ShardId): Promise<void> => {
    for (const bot of bots.values()) if (bot.shard === shard) bots.delete(bot.id);
    // What is being begun leaves yet.
    await pumping;
    await Promise.all(
      [...flights.values()].flatMap(({ bot, landed }) => (bot.shard === shard ? [landed] : [])),
    );
    await results.idle();
  };

  const ours = parts.jobShards.join({
    of: "open sends",
    hears: { kind: "telegramSend", hear },
    lookMs,
    look: reconcile,
    drain,
  });
  const results = openResultWriter({
    store,
    relay: parts.relay,
    fencesOf: ours.fencesOf,
    written(batch) {
      for (const { bot, send } of batch) bot.outbox.settle(send, { kind: "done" }, Date.now());
      pump();
    },
    givenUp: () => abort.signal.aborted,
    log,
  });

  return {
    get queued() {
      return [...bots.values()].reduce((sum, { outbox }) => sum + outbox.size, 0);
    },
    async close() {
      closing = true;
      clearTimeout(pumpTimer);
      const looked = ours.close();
      await pumping;
      // A call that is cut off has an unknown outcome: they are given time to end by themselves.
      const patience = setTimeout(() => abort.abort(), landingMs);
      await Promise.all([looked, ...[...flights.values()].map(({ landed }) => landed)]);
      await results.idle();
      clearTimeout(patience);
    },
  };
}

/**
 * Where it goes: to the chat as it was when it was written, or where that is now, where its messages are numbered anew: what would
 * have been changed is there no more.
 */
function targetOf(
  send: QueuedSend,
  movedTo: number | undefined,
): Pick<QueuedSend, "action" | "telegramChatId" | "messageId" | "content"> {
  if (movedTo === undefined || movedTo === send.telegramChatId) return send;
  const { replyToMessageId: _, ...content } = send.content;
  return { action: send.action, telegramChatId: movedTo, messageId: null, content };
}

function traceSend(
  trace: DepartureTrace,
  { chatId, seq, botId, action }: QueuedSend,
  { startMs, result }: { readonly startMs: number; readonly result: Transmission["kind"] },
): void {
  const attributes = { "rookery.bot": botId, "rookery.action": action, "rookery.result": result };
  trace.note({ stage: "telegram", chatId, seq, startMs, endMs: Date.now(), attributes });
}
