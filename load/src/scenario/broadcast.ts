/**
 * Broadcast: one message to very many chats of a simulated Telegram, which enforces its limits, while the owner goes on answering
 * people. Everybody must get it once; never more than the allowed rate may go, as the simulator's journal says.
 *
 * With `--scale` the simulator's limits and the bot's own pace are multiplied by one factor, so that minutes are seconds; what
 * is waited for in seconds of Telegram's (`retry_after`) stays.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, startCluster, until } from "@rookery/kit";
import {
  type Bot,
  type Simulator,
  startTelegramSimulator,
  telegramLimits,
} from "@rookery/telegram-simulator";
import { call } from "../client.ts";
import { commonUsage, profiling, readFlags } from "../flags.ts";
import { createTimeHistogram, type Percentiles } from "../histogram.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { createProgress, type Progress } from "../progress.ts";
import { saveResult } from "../result.ts";
import { mostWithin } from "../send-rate.ts";

type BroadcastConfig = ReturnType<typeof readConfig>;

interface BroadcastResult {
  readonly seconds: number;
  readonly perSecond: number;
  /** In any second, answers included; of `allowed`. */
  readonly mostInSecond: number;
  readonly allowed: number;
  /** Answers 429, and of 1,000 sends. */
  readonly refused: number;
  readonly refusedPerThousand: number;
  /** Of which the limit of: the bot, a chat, a group. */
  readonly refusedScopes: Readonly<Record<string, number>>;
  /** From the owner's request to what the person sees. */
  readonly replies: Percentiles;
}

const botName = "herald_bot";
const text = "the water comes back at six";
/** Written by people at once before the others do: what the simulator holds for one webhook. */
const crowdMax = 1_000;
const withinMs = 300_000;
/** Chats that are answered, in turn. */
const answeredMax = 400;
const pageMax = 100;
const lookMs = 20;
/** A reply within a second p99, one 429 in a thousand sends. */
const replyMsMax = 1_000;
const refusedPerThousandMax = 1;

export const broadcastUsage = `npm run load -- broadcast [flags]
  --messages 20000 people who get it
  --scale 20       limits of the simulated Telegram and the bot's pace, both multiplied; 1: as they are (20,000 in 14 min)
  --replies 2      answers to people a second meanwhile, times the scale
  --couriers 1     of the cluster it starts
${commonUsage}`;

/** @throws ConfigError */
function readConfig(args: readonly string[]) {
  return readFlags(args, {
    messages: [20_000, 100_000, 1],
    scale: [20, 100, 1],
    replies: [2, 4, 1],
    couriers: [1, 16, 1],
  });
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runBroadcast(args: readonly string[]): Promise<number> {
  const config = readConfig(args);
  const tell = createProgress();
  const { scale } = config;
  const { botPerSecond, chatPerSecond, chatBurst, groupPerMinute } = telegramLimits;
  const limits = {
    botPerSecond: botPerSecond * scale,
    chatPerSecond: chatPerSecond * scale,
    chatBurst: chatBurst * scale,
    groupPerMinute: groupPerMinute * scale,
  };
  const simulator = await startTelegramSimulator({ limits });
  const cluster = await startCluster({
    couriers: config.couriers,
    env: {
      TELEGRAM_API_ROOT: simulator.url,
      TELEGRAM_PACE_FACTOR: String(scale),
      NODE_OPTIONS: profiling(config),
    },
  });
  try {
    const bot = simulator.addBot({ username: botName });
    const owner = await openOwner(cluster, bot);
    const names = await gather(simulator, bot, config.messages, tell);
    const chats = await owner.chats(answeredMax);
    const { result, faults } = await announce(simulator, owner, { config, chats, names, tell });
    const { save, asJson, profileDir: _, ...shape } = config;
    const report = { shape, ...result, faults };
    if (save) await saveResult(scale === 1 ? "broadcast-real-pace" : "broadcast", report);
    process.stdout.write(asJson ? `${JSON.stringify(report)}\n` : asText(config, result, faults));
    return faults.length === 0 ? 0 : 1;
  } finally {
    await cluster.close();
    await simulator.close();
  }
}

interface Owner {
  chats(max: number): Promise<readonly number[]>;
  broadcast(body: string): Promise<{ readonly id: number; readonly total: number }>;
  progress(id: number): Promise<{ readonly state: string; readonly sent: number; readonly failed: number }>;
  says(chatId: number, body: string): Promise<void>;
}

/** An account that has the bot. */
async function openOwner(cluster: Cluster, bot: Bot): Promise<Owner> {
  const base = cluster.edges[0] ?? "";
  const store = await openClusterStore(cluster.dataDir);
  const [user] = await addPeople(store, cluster.dataDir, 1);
  await store.end();
  const token = user?.token ?? "";
  const body = { username: botName, displayName: "Herald", mode: "webhook", token: bot.token };
  const { id } = await call<{ id: number }>(base, "POST", "/v1/bots", { token, body });
  const path = `/v1/bots/${id}/broadcasts`;
  await until(() => bot.webhook !== null, { withinMs, what: "a webhook" });
  return {
    async chats(max) {
      const ids: number[] = [];
      for (let cursor = ""; ids.length < max; ) {
        const page = await call<{ items: readonly { id: number }[]; nextCursor: string | null }>(
          base,
          "GET",
          `/v1/chats?limit=${pageMax}${cursor}`,
          { token },
        );
        ids.push(...page.items.map((chat) => chat.id));
        if (page.nextCursor === null) break;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
      return ids;
    },
    broadcast: (said) => call(base, "POST", path, { token, body: { audience: {}, message: { body: said } } }),
    progress: (broadcast) => call(base, "GET", `${path}/${broadcast}`, { token }),
    says: async (chatId, said) => {
      await call(base, "POST", `/v1/chats/${chatId}/messages`, { token, body: { body: said } });
    },
  };
}

/** Everybody writes to the bot, which makes their chats. @returns their ids at Telegram */
async function gather(simulator: Simulator, bot: Bot, count: number, tell: Progress): Promise<Set<number>> {
  const ids = new Set<number>();
  const taken = (): number => simulator.deliveries.filter(({ status }) => status === 200).length;
  while (ids.size < count) {
    const crowd = Math.min(crowdMax, count - ids.size);
    for (let index = 0; index < crowd; index++) {
      const person = simulator.addUser({ firstName: `Person ${ids.size}` });
      ids.add(person.id);
      person.says(bot, "hello");
    }
    await until(() => taken() >= ids.size, { withinMs, what: `${ids.size} chats` });
    tell(`${ids.size} of ${count} people wrote to the bot`);
  }
  return ids;
}

async function announce(
  simulator: Simulator,
  owner: Owner,
  scene: {
    readonly config: BroadcastConfig;
    readonly chats: readonly number[];
    readonly names: ReadonlySet<number>;
    readonly tell: Progress;
  },
): Promise<{ readonly result: BroadcastResult; readonly faults: string[] }> {
  const { config, chats, names, tell } = scene;
  const { seen, violations } = simulator.journal;
  const first = seen.length;
  const replies = createTimeHistogram();
  const asked = new Map<string, number>();
  const faults: string[] = [];
  const startMs = Date.now();
  const { id, total } = await owner.broadcast(text);
  if (total !== config.messages) faults.push(`it goes to ${total} of ${config.messages}`);

  let running = true;
  let next = 0;
  let read = first;
  const saying: Promise<void>[] = [];
  const answerPeople = async (): Promise<void> => {
    const everyMs = 1_000 / (config.replies * config.scale);
    for (; running; next++) {
      const dueMs = startMs + next * everyMs;
      if (Date.now() < dueMs) await sleep(dueMs - Date.now());
      const said = `answer ${next}`;
      // Timed from when it was due: a late sender must not hide a wait.
      asked.set(said, dueMs);
      const chatId = chats[next % chats.length] as number;
      saying.push(
        owner.says(chatId, said).catch((error: unknown) => void faults.push(`an answer: ${String(error)}`)),
      );
    }
  };
  const readJournal = (): void => {
    for (; read < seen.length; read++) {
      const { kind, atMs, body } = seen[read] as (typeof seen)[number];
      const dueMs = kind === "message" ? asked.get(String(body["text"])) : undefined;
      if (dueMs === undefined) continue;
      replies.record(atMs - dueMs);
      asked.delete(String(body["text"]));
    }
  };
  const answering = answerPeople();
  for (let looks = 0; ; looks++) {
    await sleep(lookMs);
    readJournal();
    if (looks % (1_000 / lookMs) !== 0) continue;
    const { state, sent, failed } = await owner.progress(id);
    tell(`${sent} of ${total} sent, ${failed} failed, ${violations.length} answers 429`);
    if (state === "done") break;
  }
  const seconds = (Date.now() - startMs) / 1_000;
  running = false;
  await answering;
  await Promise.all(saying);
  await until(
    () => {
      readJournal();
      return asked.size === 0;
    },
    { withinMs, what: "the last answers" },
  );

  const sends = seen.slice(first).filter(({ kind }) => kind === "message");
  faults.push(...missing(sends, names));
  const mostInSecond = mostWithin(
    sends.map(({ atMs }) => atMs),
    1_000,
  );
  const refusedPerThousand = (violations.length * 1_000) / sends.length;
  const allowed = telegramLimits.botPerSecond * config.scale;
  const result = {
    seconds,
    perSecond: total / seconds,
    mostInSecond,
    allowed,
    refused: violations.length,
    refusedPerThousand,
    refusedScopes: countBy(violations.map(({ scope }) => scope)),
    replies: replies.percentiles(),
  };
  if (mostInSecond > allowed) faults.push(`${mostInSecond} went within a second, of ${allowed}`);
  if (refusedPerThousand > refusedPerThousandMax)
    faults.push(`${refusedPerThousand.toFixed(2)} answers 429 of 1,000 sends`);
  if (result.replies.p99Ms > replyMsMax)
    faults.push(`an answer takes ${result.replies.p99Ms.toFixed(0)} ms p99`);
  return { result, faults };
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, of]) => [name, of.length]));
}

function missing(
  sends: readonly { readonly chatId: number; readonly body: Readonly<Record<string, unknown>> }[],
  names: ReadonlySet<number>,
): string[] {
  const times = new Map<number, number>();
  for (const { chatId, body } of sends) {
    if (body["text"] === text) times.set(chatId, (times.get(chatId) ?? 0) + 1);
  }
  const without = [...names].filter((id) => !times.has(id)).length;
  const twice = [...times.values()].filter((count) => count > 1).length;
  return [
    ...(without === 0 ? [] : [`${without} people did not get it`]),
    ...(twice === 0 ? [] : [`${twice} people got it more than once`]),
  ];
}

function asText(config: BroadcastConfig, result: BroadcastResult, faults: readonly string[]): string {
  const { replies } = result;
  return [
    `${config.messages} people, limits and pace ${config.scale === 1 ? "as they are" : `times ${config.scale}`}`,
    `broadcast   ${result.seconds.toFixed(1)} s, ${result.perSecond.toFixed(1)}/s`,
    `busiest s   ${result.mostInSecond} of ${result.allowed} allowed, answers included`,
    `answers 429 ${result.refused}, ${result.refusedPerThousand.toFixed(2)} of 1,000 sends ${Object.entries(
      result.refusedScopes,
    )
      .map(([scope, count]) => `(${count} for the ${scope})`)
      .join(" ")}`,
    `replies     ${replies.count}: p50 ${replies.p50Ms.toFixed(0)} ms, p99 ${replies.p99Ms.toFixed(0)} ms, worst ${replies.maxMs.toFixed(0)} ms`,
    "",
    faults.length === 0 ? "everybody got it once, within the limits" : `faults:\n  ${faults.join("\n  ")}`,
    "",
  ].join("\n");
}
