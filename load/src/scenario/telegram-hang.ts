/**
 * Telegram: one bot's service hangs, and other bots' people go on talking. What they wait for their answers is compared between rounds
 * with and without the hanging, in turn; the same people say as much to the one bot in both. Whoever talks to the other bots must
 * get every answer, once.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, startCluster, until } from "@rookery/kit";
import type { Store } from "@rookery/store";
import { type Bot, type Person, type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { call, type User } from "../client.ts";
import { commonUsage, profiling, readFlags } from "../flags.ts";
import { createTimeHistogram, type Percentiles } from "../histogram.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { createProgress, type Progress } from "../progress.ts";
import { saveResult } from "../result.ts";
import { median } from "../figure.ts";

type HangConfig = ReturnType<typeof readConfig>;

interface HangRound {
  readonly hanging: boolean;
  /** From when something was due to be said to when its answer is seen. */
  readonly answers: Percentiles;
  /** Calls that the service did not answer. */
  readonly held: number;
}

/** Bots whose people are measured, and people of each. */
const otherBots = 3;
const peopleOfBot = 20;
/** People of the bot that hangs: more than calls of a service are under way at once. */
const crowd = 80;
/** Each says something so often. */
const crowdEveryMs = 2_000;
const withinMs = 120_000;
const lookMs = 20;
const ratioMax = 1.2;

export const telegramHangUsage = `npm run load -- telegram-hang [flags]
  --rounds 5       with the hanging and without it, in turn
  --seconds 15     of a round; five of them hang for more than a minute
  --rate 45        answers a second to the people of the other bots
${commonUsage}`;

/** @throws ConfigError */
function readConfig(args: readonly string[]) {
  return readFlags(args, { rounds: [5, 100, 1], seconds: [15, 600, 1], rate: [45, 3 * 25, 1] });
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runTelegramHang(args: readonly string[]): Promise<number> {
  const config = readConfig(args);
  const tell = createProgress();
  const simulator = await startTelegramSimulator();
  const service = await openService();
  const cluster = await startCluster({
    couriers: 1,
    env: {
      TELEGRAM_API_ROOT: simulator.url,
      WEBHOOK_ALLOW_PRIVATE: "true",
      NODE_OPTIONS: profiling(config),
    },
  });
  const store = await openClusterStore(cluster.dataDir);
  try {
    const [owner] = await addPeople(store, cluster.dataDir, 1);
    const { others, hanging } = await openBots(cluster, simulator, { owner, serviceUrl: service.url });
    const stage: Stage = { store, config, simulator, service, others, hanging };
    const rounds: HangRound[] = [];
    const faults: string[] = [];
    // Chats come into being, and code gets warm.
    await talk(stage, false, faults);
    for (let round = 1; round <= config.rounds; round++) {
      for (const isHanging of [false, true]) {
        const done = await talk(stage, isHanging, faults);
        rounds.push(done);
        tellRound(tell, round, done);
      }
    }
    const ratios = ratiosOf(rounds);
    const ratio = median(ratios);
    if (ratio > ratioMax) faults.push(`the others' p99 is ${ratio.toFixed(2)} times what it was`);
    const { save, asJson, profileDir: _, ...shape } = config;
    const report = { shape, ratio, ratios, rounds, faults };
    if (save) await saveResult("telegram-hang", report);
    process.stdout.write(asJson ? `${JSON.stringify(report)}\n` : asText(ratios, rounds, faults));
    return faults.length === 0 ? 0 : 1;
  } finally {
    service.close();
    await store.end();
    await cluster.close();
    await simulator.close();
  }
}

interface Service {
  readonly url: string;
  /** Since the last `release`. */
  readonly held: number;
  /** From here on calls by `/crowd` are held, or answered with nothing. */
  hang(isHanging: boolean): void;
  close(): void;
}

async function openService(): Promise<Service> {
  const open = new Set<ServerResponse>();
  let isHanging = false;
  let held = 0;
  const release = (): void => {
    for (const response of open) response.end("{}");
    open.clear();
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      if (request.url === "/crowd") {
        if (!isHanging) return response.end("{}");
        held += 1;
        open.add(response);
        return response.on("close", () => open.delete(response));
      }
      const { input } = JSON.parse(body) as { readonly input: { readonly text?: string } };
      return response.end(JSON.stringify({ messages: [{ text: answerTo(input.text ?? "") }] }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get held() {
      return held;
    },
    hang(on) {
      isHanging = on;
      held = 0;
      release();
    },
    close() {
      release();
      server.closeAllConnections();
      server.close();
    },
  };
}

const answerTo = (text: string): string => `re ${text}`;

interface Talker {
  readonly bot: Bot;
  readonly person: Person;
}

async function openBots(
  cluster: Cluster,
  simulator: Simulator,
  { owner, serviceUrl }: { readonly owner: User | undefined; readonly serviceUrl: string },
): Promise<{ readonly others: readonly Talker[]; readonly hanging: readonly Talker[] }> {
  const base = cluster.edges[0] ?? "";
  const open = async (username: string, path: string, people: number): Promise<Talker[]> => {
    const bot = simulator.addBot({ username });
    await introduce(base, owner, bot, `${serviceUrl}${path}`);
    return Array.from({ length: people }, (_, index) => ({
      bot,
      person: simulator.addUser({ firstName: `${username} ${index}` }),
    }));
  };
  const others: Talker[] = [];
  for (let index = 0; index < otherBots; index++) {
    others.push(...(await open(`quick_${index}_bot`, "/quick", peopleOfBot)));
  }
  return { others, hanging: await open("hanging_bot", "/crowd", crowd) };
}

async function introduce(base: string, owner: User | undefined, bot: Bot, url: string): Promise<void> {
  const token = owner?.token ?? "";
  const { username } = bot.user;
  const body = { username, displayName: "Load", mode: "webhook", token: bot.token };
  const { id } = await call<{ id: number }>(base, "POST", "/v1/bots", { token, body });
  const services = { one: { url, timeoutMs: 10_000, retries: 3 } };
  await call(base, "PUT", `/v1/bots/${id}/services`, { token, body: services });
  const routes = { text: { service: "one" }, flood: { off: true } };
  await call(base, "PUT", `/v1/bots/${id}/routes`, { token, body: routes });
  await until(() => bot.webhook !== null, { withinMs, what: "a webhook" });
}

interface Stage {
  readonly store: Store;
  readonly config: HangConfig;
  readonly simulator: Simulator;
  readonly service: Service;
  readonly others: readonly Talker[];
  readonly hanging: readonly Talker[];
}

/** One round; ends when everything said to the other bots is answered, or has waited too long. */
async function talk(stage: Stage, isHanging: boolean, faults: string[]): Promise<HangRound> {
  const { config, simulator, service, others, hanging } = stage;
  const { seen } = simulator.journal;
  const name = `${isHanging ? "hanging" : "without"} ${seen.length}`;
  const asked = new Map<string, number>();
  const answers = createTimeHistogram();
  let read = seen.length;
  const readJournal = (): void => {
    for (; read < seen.length; read++) {
      const { kind, atMs, body } = seen[read] as (typeof seen)[number];
      const text = String(body["text"]);
      const dueMs = asked.get(text);
      if (kind !== "message" || dueMs === undefined) continue;
      answers.record(Math.max(0, atMs - dueMs));
      asked.delete(text);
    }
  };
  service.hang(isHanging);
  const startMs = Date.now();
  const total = config.rate * config.seconds;
  let said = 0;
  let crowdSaid = 0;
  while (said < total) {
    const passedMs = Date.now() - startMs;
    for (; said < Math.min(total, (passedMs * config.rate) / 1_000); said++) {
      const { bot, person } = others[said % others.length] as Talker;
      const text = `${name} ${said}`;
      // Timed from when it was due: whoever is late to say it must not hide a wait.
      asked.set(answerTo(text), startMs + (said * 1_000) / config.rate);
      person.says(bot, text);
    }
    for (; crowdSaid < (passedMs * hanging.length) / crowdEveryMs; crowdSaid++) {
      const { bot, person } = hanging[crowdSaid % hanging.length] as Talker;
      person.says(bot, `${name} crowd ${crowdSaid}`);
    }
    readJournal();
    await sleep(lookMs);
  }
  const held = service.held;
  const isAnswered = (): boolean => {
    readJournal();
    return asked.size === 0;
  };
  await until(isAnswered, { withinMs, what: "answers" }).catch(() =>
    faults.push(`${name}: ${asked.size} answers did not come`),
  );
  // What hung is answered now, so that the next round begins in peace.
  service.hang(false);
  await until(() => isIdle(stage.store), { withinMs, what: "the end of a round" });
  if (isHanging !== held > 0) faults.push(`${name}: ${held} calls were held`);
  return { hanging: isHanging, answers: answers.percentiles(), held };
}

async function isIdle(store: Store): Promise<boolean> {
  const { rows } = await store.query(
    `select from telegram_update where state = 'pending'
     union all select from telegram_send where state in ('pending', 'sending') limit 1`,
  );
  return rows.length === 0;
}

/** Of each round with the hanging to the one before it. */
function ratiosOf(rounds: readonly HangRound[]): number[] {
  return rounds.flatMap(({ hanging, answers }, index) => {
    const before = rounds[index - 1];
    return hanging && before !== undefined ? [answers.p99Ms / before.answers.p99Ms] : [];
  });
}

function tellRound(tell: Progress, round: number, { hanging, answers, held }: HangRound): void {
  const name = hanging ? `hanging, ${held} held` : "without";
  tell(`${round} ${name}: p50 ${answers.p50Ms.toFixed(0)} ms, p99 ${answers.p99Ms.toFixed(0)} ms`, true);
}

function asText(ratios: readonly number[], rounds: readonly HangRound[], faults: readonly string[]): string {
  const lines = rounds.map(({ hanging, answers: { count, p50Ms, p99Ms, maxMs }, held }) =>
    [
      (hanging ? "hanging" : "without").padEnd(8),
      `${count} answers, p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, worst ${maxMs.toFixed(0)} ms`,
      ...(hanging ? [`${held} calls held`] : []),
    ].join("  "),
  );
  const shown = ratios.map((ratio) => ratio.toFixed(2)).join(" ");
  return [
    ...lines,
    "",
    `p99 of the others, hanging to without: ${median(ratios).toFixed(2)} (median of ${shown})`,
    faults.length === 0 ? "the others do not wait for it" : `faults:\n  ${faults.join("\n  ")}`,
    "",
  ].join("\n");
}
