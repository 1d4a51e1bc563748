/** One update, from its row to what is to be committed of it. */
import { apologyOf, rateLimitOf, say } from "@rookery/bot";
import {
  type BotDecider,
  type BotEvent,
  type BotMemory,
  type BotVerdict,
  buttonLifeMs,
  type ServiceAnswer,
  type ServiceCall,
  shardOf,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  type AnsweredUpdate,
  type BotUsage,
  type PendingUpdate,
  readAcquaintance,
  readCallbackToken,
  type Store,
} from "@rookery/store";
import { readBotEvent, type TelegramCall, type UnknownBotEvent } from "@rookery/telegram";
import type { Floods } from "./floods.ts";
import type { Gate } from "./gate.ts";
import type { RoutedBot } from "./routed-bot.ts";
import type { ServiceCaller } from "./service-caller.ts";
import { isToken, speak } from "./spoken.ts";

/** Calls one update may lead to, one after another. */
const callsMax = 5;
/** Who waits longer for a service sees that the bot is typing; Telegram shows it for 5 s. */
const typingAfterMs = 700;
const typingEveryMs = 4_500;

export interface AnswerParts {
  readonly store: Store;
  readonly services: ServiceCaller;
  readonly floods: Floods;
  /** To Telegram, at most once, that the bot is typing; never throws. */
  readonly tell: (bot: RoutedBot, call: TelegramCall) => void;
  /** Held while we use Postgres, not while a service is asked. */
  readonly gate: Gate;
  readonly shards: number;
  readonly now: () => number;
  readonly log: Log;
}

export interface Answer {
  readonly answered: AnsweredUpdate;
  /** To Telegram when that is committed. */
  readonly calls: readonly TelegramCall[];
}

/** @returns null when it was given up: `signal` says that it is not ours any more. @throws where Postgres is out of reach. */
export async function answerUpdate(
  parts: AnswerParts,
  bot: RoutedBot | null,
  update: PendingUpdate,
  signal: AbortSignal,
): Promise<Answer | null> {
  const { store, now } = parts;
  const { botId, updateId, type, chatId } = update;
  const shard = shardOf("bot", botId, parts.shards);
  const nothing: AnsweredUpdate = {
    botId,
    updateId,
    shard,
    state: "done",
    error: null,
    doneMs: now(),
    messages: [],
    tokens: [],
    invalidated: [],
    usage: [],
  };
  const unknown =
    bot === null
      ? null
      : readBotEvent(update.raw, { botId, botUsername: bot.username, updateId, type, chatId });
  if (bot === null || unknown === null) return { answered: nothing, calls: [] };
  const judged = await parts.floods.judge(bot, update, unknown, signal);
  if (judged === null) return null;
  const verdict = judged.flood;
  if (verdict !== "open") {
    const event: BotEvent = { ...unknown, person: { ...unknown.person, userId: null, role: "member" } };
    const told = verdict === "tell" ? say(event, rateLimitOf(bot.routes)).actions : [];
    const usage = [{ kind: "flood", name: "", errors: 0, ms: 0 } as const];
    return close(parts, { update, event, actions: told, answered: { ...nothing, usage, judged } });
  }
  const { event, memory } = await acquaint(store, unknown, now());
  const usage: BotUsage[] = [];
  const consulted = await consult(parts, bot, event, memory, usage, signal);
  if (consulted === null) return null;
  const doneMs = now();
  const ms = Math.max(0, doneMs - update.createdMs);
  const errors = consulted.error === null ? 0 : 1;
  usage.push({ kind: usageKind(event), name: usageName(bot, event), errors, ms });
  const { memory: kept } = consulted;
  const { telegramChatId, person } = event;
  const answered: AnsweredUpdate = {
    ...nothing,
    doneMs,
    error: consulted.error,
    usage,
    // What nobody counts is not to be counted by the next owner either.
    ...(bot.routes.flood?.off === true ? {} : { judged }),
    ...(kept === undefined || telegramChatId === null
      ? {}
      : { memory: { telegramChatId, telegramUserId: person.telegramId, value: kept } }),
  };
  return close(parts, { update, event, actions: consulted.actions, answered });
}

/** The event as a decider sees it: with who the person is here, and with whole payloads. */
async function acquaint(store: Store, unknown: UnknownBotEvent, nowMs: number) {
  const { botId, telegramChatId, person, input } = unknown;
  const key = { botId, telegramChatId: telegramChatId ?? 0, telegramUserId: person.telegramId };
  const data = input.kind === "callback" ? input.data : null;
  const [{ userId, role, memory }, payload] = await Promise.all([
    readAcquaintance(store, key, nowMs),
    data !== null && isToken(data) ? readCallbackToken(store, botId, data, nowMs) : data,
  ]);
  const event: BotEvent = {
    ...unknown,
    person: { ...person, userId, role },
    input: input.kind === "callback" ? { ...input, data: payload } : input,
  };
  return { event, memory };
}

interface Consulted {
  readonly actions: BotVerdict["actions"];
  /** Undefined: as it was. */
  readonly memory: BotMemory | null | undefined;
  readonly error: string | null;
}

/** Asks deciders in turn, and the one that decides again after each call. */
async function consult(
  parts: AnswerParts,
  bot: RoutedBot,
  event: BotEvent,
  remembered: BotMemory | null,
  usage: BotUsage[],
  signal: AbortSignal,
): Promise<Consulted | null> {
  const { now, log } = parts;
  const actions: BotVerdict["actions"][number][] = [];
  let memory: BotMemory | null | undefined;
  let error: string | null = null;
  try {
    let decider: BotDecider | undefined;
    let verdict: BotVerdict | null = null;
    for (decider of bot.deciders) {
      verdict = decider.decide(event, remembered, now());
      if (verdict !== null) break;
    }
    for (let calls = 0; verdict !== null && decider !== undefined; calls += 1) {
      actions.push(...verdict.actions);
      if (verdict.memory !== undefined) memory = verdict.memory;
      if (verdict.call === undefined) break;
      if (calls === callsMax) throw new Error(`more than ${callsMax} calls for one update`);
      const answer = await callService(parts, bot, event, { ...verdict.call, step: calls }, usage, signal);
      if (signal.aborted) return null;
      if (answer.kind === "failed") {
        error = `${verdict.call.service}: ${answer.reason}`.slice(0, 500);
        const { botId, updateId } = event;
        log.warn(
          { botId, updateId, service: verdict.call.service, reason: answer.reason },
          "a service failed",
        );
      }
      verdict = decider.resume(event, memory === undefined ? remembered : memory, answer, now());
    }
    return { actions, memory, error };
  } catch (thrown) {
    log.error({ err: thrown, botId: event.botId, updateId: event.updateId }, "a decider met a bug");
    return { actions: say(event, apologyOf(bot.routes)).actions, memory: undefined, error: "internal" };
  }
}

async function callService(
  parts: AnswerParts,
  bot: RoutedBot,
  event: BotEvent,
  call: ServiceCall & { readonly step: number },
  usage: BotUsage[],
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const service = bot.services.get(call.service);
  if (service === undefined) return { kind: "failed", reason: "there is no such service" };
  const { telegramChatId } = event;
  const type = (): void => {
    if (telegramChatId === null) return;
    parts.tell(bot, { method: "sendChatAction", params: { chat_id: telegramChatId, action: "typing" } });
  };
  let every: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    type();
    every = setInterval(type, typingEveryMs);
  }, typingAfterMs);
  const startedMs = parts.now();
  parts.gate.leave();
  try {
    const answer = await parts.services.call(
      { key: `${bot.id}/${call.service}`, ...service },
      event,
      call,
      signal,
    );
    const errors = answer.kind === "failed" ? 1 : 0;
    usage.push({ kind: "service", name: call.service, errors, ms: parts.now() - startedMs });
    return answer;
  } finally {
    clearTimeout(first);
    clearInterval(every);
    await parts.gate.enter();
  }
}

/** The commit of it: messages named after the update, so that no crash says them twice. */
function close(
  { shards }: AnswerParts,
  {
    update,
    event,
    actions,
    answered,
  }: {
    update: PendingUpdate;
    event: BotEvent;
    actions: BotVerdict["actions"];
    answered: AnsweredUpdate;
  },
): Answer {
  const { commands, calls, payloads, invalidated } = speak(event, actions);
  const { botId, updateId, chatId } = event;
  return {
    answered: {
      ...answered,
      messages: commands.flatMap((command, at) =>
        chatId === null
          ? []
          : [
              {
                id: `bot-${botId}-${updateId}-${at}`,
                chatId,
                sourceShard: shardOf("chat", chatId, shards),
                command,
                // In their order also for whoever sends them again.
                createdMs: answered.doneMs + at,
                requestId: update.requestId,
              },
            ],
      ),
      tokens: payloads.map(({ lifeMs, ...payload }) => ({
        ...payload,
        expiresMs: answered.doneMs + (lifeMs ?? buttonLifeMs.max),
      })),
      invalidated,
    },
    calls,
  };
}

function usageKind({ input }: BotEvent): BotUsage["kind"] {
  return input.kind === "command" || input.kind === "callback" || input.kind === "text"
    ? input.kind
    : "other";
}

function usageName({ commands }: RoutedBot, { input }: BotEvent): string {
  return input.kind === "command" && commands.has(input.name) ? input.name : "";
}
