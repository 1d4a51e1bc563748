/**
 * Asks Telegram for the updates of bots in polling mode, for the bots of the job shards we own: so one process asks for a bot.
 *
 *   claimed ─▶ getUpdates ─▶ each chat's one after the other, chats beside each other ─▶ all committed ─┐
 *                 ▲                                                                                     │
 *                 └────────────── with an offset beyond them, which confirms them ◀─────────────────────┘
 *
 * Nothing is confirmed before its commit (L1), and who begins asks from the head: what was committed and not confirmed comes
 * again and changes nothing (L3). So nothing is kept here, and a change of owner or of mode needs no care.
 */
import { type SecretBox, SecretBoxError } from "@rookery/auth";
import type { UpdateIntake } from "@rookery/gateway";
import { type ShardId, shardOf, type UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  botSecretOwner,
  listPolledBots,
  noteTelegramWord,
  type PolledBot,
  reopenWebhook,
  type Store,
} from "@rookery/store";
import {
  chatOf,
  readUpdate,
  type TelegramClient,
  TelegramError,
  type TelegramUpdate,
  updateTypes,
} from "@rookery/telegram";
import type { JobShards } from "../job-shards.ts";
import { retryDelayMs } from "../retry-delay.ts";

const lookMs = 1_000;
/** Bots asked for at once by one process. */
const pollsMax = 1_000;
/** Of one answer: all that Telegram gives. */
const updatesMax = 100;
/** Between answers without updates when they come at once. */
const idleMs = 500;
/** Until an update that could not be stored is tried again. */
const laterMs = 500;
/** Another asks for the same bot: the former owner for a moment, or a stranger for ever. */
const conflictMs = 1_000;

export interface TelegramPoller {
  close(): Promise<void>;
}

interface Poll {
  readonly bot: PolledBot;
  readonly shard: ShardId;
  readonly stop: AbortController;
  ended: Promise<void>;
}

export function startTelegramPoller(parts: {
  readonly jobShards: JobShards;
  readonly store: Store;
  readonly client: Pick<TelegramClient, "getUpdates" | "getWebhookInfo">;
  readonly intake: Pick<UpdateIntake, "take">;
  readonly secrets: SecretBox;
  readonly shards: number;
  /** How long Telegram may hold a question open. */
  readonly timeoutSeconds: number;
  readonly log: Log;
}): TelegramPoller {
  const { store, client, log } = parts;
  const polls = new Map<UserId, Poll>();

  const reconcile = async (): Promise<void> => {
    const wanted = new Map((await listPolledBots(store)).map((bot) => [bot.botId, bot]));
    for (const [botId, poll] of polls) {
      const bot = wanted.get(botId);
      const { version, routed, ownerId } = poll.bot;
      const isSame = bot?.version === version && bot.routed === routed && bot.ownerId === ownerId;
      if (!isSame) end(poll);
    }
    for (const bot of wanted.values()) {
      const shard = shardOf("bot", bot.botId, parts.shards);
      if (!ours.holds(shard) || polls.has(bot.botId)) continue;
      if (polls.size >= pollsMax) {
        log.error({ botId: bot.botId, pollsMax }, "a bot is not polled: this process polls too many");
        return;
      }
      begin(bot, shard);
    }
  };

  const begin = (bot: PolledBot, shard: ShardId): void => {
    const poll: Poll = { bot, shard, stop: new AbortController(), ended: Promise.resolve() };
    polls.set(bot.botId, poll);
    poll.ended = run(poll)
      .catch((error: unknown) => log.error({ err: error, botId: bot.botId }, "polling met a bug"))
      .finally(() => {
        if (polls.get(bot.botId) === poll) polls.delete(bot.botId);
      });
  };

  const end = (poll: Poll): void => poll.stop.abort();

  const run = async ({ bot, stop: { signal } }: Poll): Promise<void> => {
    const token = openToken(bot, parts.secrets);
    if (token === null) {
      await noteError(bot, "its token does not open under this master key");
      return await sleep(retryDelayMs(9, 0), signal);
    }
    log.info({ botId: bot.botId }, "polls Telegram");
    let offset = 0;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const ask = { offset, limit: updatesMax, timeoutSeconds: parts.timeoutSeconds };
        const updates = await client.getUpdates(token, { ...ask, allowedUpdates: updateTypes }, signal);
        if (failures > 0 || offset === 0) await noteError(bot, null);
        failures = 0;
        const last = await keep(bot, updates, signal);
        if (signal.aborted) return;
        if (last === null) await sleep(parts.timeoutSeconds === 0 ? idleMs : 0, signal);
        else offset = last + 1;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof TelegramError)) throw error;
        await noteError(bot, error.message);
        if (error.code === 409) await contend(bot, token, signal);
        else await sleep(error.retryMs ?? retryDelayMs(failures, Math.random()), signal);
        failures += 1;
      }
    }
  };

  /** A webhook that somebody has set is taken away again by the bot's row; another who asks is waited for. */
  const contend = async (bot: PolledBot, token: string, signal: AbortSignal): Promise<void> => {
    const info = await client.getWebhookInfo(token, signal).catch(() => null);
    if (info !== null && info.url !== "") await reopenWebhook(store, bot, Date.now());
    await sleep(conflictMs, signal);
  };

  /** @returns the last id, when all is committed; null when there is none, or it was given up. */
  const keep = async (
    bot: PolledBot,
    values: readonly unknown[],
    signal: AbortSignal,
  ): Promise<number | null> => {
    const lines = new Map<number | null, TelegramUpdate[]>();
    let last: number | null = null;
    for (const value of values) {
      const id = idOf(value);
      if (id !== null) last = Math.max(last ?? 0, id);
      const update = readUpdate(value);
      if (update === null) {
        log.warn({ botId: bot.botId, updateId: id }, "Telegram gave what is no update");
        continue;
      }
      const chat = chatOf(update)?.id ?? null;
      const line = lines.get(chat);
      if (line === undefined) lines.set(chat, [update]);
      else line.push(update);
    }
    await Promise.all([...lines.values()].map((line) => keepLine(bot, line, signal)));
    return last;
  };

  /** As a webhook has it: the next of a chat when the former is stored. */
  const keepLine = async (
    bot: PolledBot,
    line: readonly TelegramUpdate[],
    signal: AbortSignal,
  ): Promise<void> => {
    for (const update of line) {
      const requestId = `poll-${bot.botId}-${update.updateId}`;
      while (!signal.aborted && (await parts.intake.take(bot, update, requestId)) === "later") {
        await sleep(laterMs, signal);
      }
    }
  };

  const noteError = async ({ botId }: PolledBot, error: string | null): Promise<void> => {
    if (error !== null) log.warn({ botId, error }, "a bot could not be polled");
    const errorMs = error === null ? null : Date.now();
    await noteTelegramWord(store, { botId, error, errorMs, pending: 0 }).catch((fault: unknown) => {
      log.warn({ err: String(fault), botId }, "what Telegram says of a bot is not written");
    });
  };

  const endAll = async (its: readonly Poll[]): Promise<void> => {
    for (const poll of its) end(poll);
    await Promise.all(its.map(({ ended }) => ended));
  };

  const ours = parts.jobShards.join({
    of: "bots to be polled",
    lookMs,
    look: reconcile,
    drain: (shard) => endAll([...polls.values()].filter((poll) => poll.shard === shard)),
  });

  return {
    async close() {
      await ours.close();
      await endAll([...polls.values()]);
    },
  };
}

function openToken({ botId, token }: PolledBot, secrets: SecretBox): string | null {
  try {
    return secrets.openSecret(token, botSecretOwner.token(botId));
  } catch (error) {
    if (error instanceof SecretBoxError) return null;
    throw error;
  }
}

function idOf(value: unknown): number | null {
  const id = typeof value === "object" && value !== null && "update_id" in value ? value.update_id : null;
  return typeof id === "number" && Number.isSafeInteger(id) ? id : null;
}

/** Ends early, without complaint, when it is given up. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms === 0 || signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
