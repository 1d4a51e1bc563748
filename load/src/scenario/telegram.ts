/**
 * Telegram: updates are posted to the webhooks of many bots on one edge, and come as frames to sockets on another. Each must
 * come once, in the order of its chat, and be answered 200 after its commit.
 *
 * Rounds of the cluster and of the control take turns: a bare server that answers the same posts and sends the same frames.
 */
import { type Cluster, startCluster, until } from "@rookery/kit";
import { ConfigError } from "@rookery/runtime";
import { type Simulator, startTelegramSimulator } from "@rookery/telegram-simulator";
import { call, connect, type Connection, eachOf, type User } from "../client.ts";
import { type Figure, figureOf } from "../figure.ts";
import { commonUsage, profiling, readFlags } from "../flags.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { postUpdates, type UpdatePace, type UpdatePhase, type UpdateStage } from "../post-updates.ts";
import { createProgress, type Progress } from "../progress.ts";
import { report } from "../result.ts";
import { type HttpLane, openHttpLane } from "../socket/http-lane.ts";
import { cpuOf } from "../turns.ts";
import { startControl } from "./control.ts";

/** Updates of each person before anything is timed: chats and people are made at first sight. */
const warmEach = 3;
const webhookMsMax = 60_000;
/** Of the people of bots; beyond what a simulator's own would be. */
const firstTelegramId = 700_000_000;

interface Round {
  readonly target: string;
  readonly load: string;
  readonly round: number;
  readonly phase: UpdatePhase;
  /** CPU seconds of the round, by role. */
  readonly usage: Readonly<Record<string, number>>;
}

export const telegramUsage = `npm run load -- telegram [flags]
  --bots 8         each with an owner, whose socket is on another edge than the webhook
  --chats 1000     people, dealt over the bots
  --rate 1000      updates a second, for
  --seconds 10     in a round
  --warm 30        seconds of it before, and floods of the same number of updates: while V8 compiles, p99 is twice what it is later
  --flood 20000    updates of a round that goes as quickly as they are answered; 0 leaves it out
  --connections 40 to the webhook of each bot, as Telegram has
  --rounds 5       of the cluster and of the control, in turn
  --edges 2 --workers 1   of the cluster it starts
${commonUsage}`;

type Config = ReturnType<typeof readConfig>;

/** @throws ConfigError */
function readConfig(args: readonly string[]) {
  const config = readFlags(args, {
    bots: [8, 500, 1],
    chats: [1_000, 50_000, 1],
    rate: [1_000, 50_000, 1],
    seconds: [10, 600, 1],
    warm: [30, 600],
    flood: [20_000, 1_000_000],
    connections: [40, 100, 1],
    rounds: [5, 100, 1],
    edges: [2, 16, 1],
    workers: [1, 16, 1],
  });
  if (config.chats < config.bots) throw new ConfigError("each bot needs one of the chats at least");
  return config;
}

interface Target {
  readonly name: string;
  readonly stage: UpdateStage;
  readonly pids: () => Readonly<Record<string, readonly number[]>>;
  close(): Promise<void>;
}

/** Where one bot's updates go, and where its owner listens. */
interface BotDoor {
  readonly webhook: URL;
  readonly secret: string;
  readonly base: string;
  readonly token: string;
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runTelegram(args: readonly string[]): Promise<number> {
  const config = readConfig(args);
  const tell = createProgress();
  const simulator = await startTelegramSimulator({ limits: null });
  const cluster = await startCluster({
    edges: config.edges,
    workers: config.workers,
    couriers: 1,
    env: { TELEGRAM_API_ROOT: simulator.url, NODE_OPTIONS: profiling(config) },
  });
  const bare = await startControl();
  const targets: Target[] = [];
  try {
    const doors = await registerBots(cluster, simulator, config);
    tell(`${doors.length} bots at ${cluster.edges.join(" ")}`, true);
    targets.push(
      await openTarget("rookery", doors, config, () => ({ ...cluster.pids, generator: [process.pid] })),
      await openTarget("control", bareDoors(bare.url, config.bots), config, () => ({
        server: [bare.pid],
        generator: [process.pid],
      })),
    );
    const rounds = await driveRounds(targets, config, tell);
    const faults = rounds.flatMap(({ target, load, round, phase }) =>
      phase.faultCount === 0
        ? []
        : [`${target} ${load} ${round}: ${phase.faultCount} faults`, ...phase.faults],
    );
    return await report("telegram", config, { figures: figuresOf(rounds), rounds, faults });
  } finally {
    await Promise.all(targets.map((target) => target.close()));
    await bare.close();
    await cluster.close();
    await simulator.close();
  }
}

/** A bot for each of as many owners; its webhook is on one edge, its owner's socket on the next. */
async function registerBots(cluster: Cluster, simulator: Simulator, config: Config): Promise<BotDoor[]> {
  const store = await openClusterStore(cluster.dataDir);
  try {
    const owners = await addPeople(store, cluster.dataDir, config.bots);
    const { edges } = cluster;
    const edge = (index: number): string => edges[index % edges.length] as string;
    return await eachOf(owners, config.bots, async (owner: User, index) => {
      const bot = simulator.addBot({ username: nameOf(index) });
      const body = { username: nameOf(index), displayName: "Load", mode: "webhook", token: bot.token };
      const { webhookSecret } = await call<{ webhookSecret: string }>(edge(index), "POST", "/v1/bots", {
        token: owner.token,
        body,
      });
      await until(() => bot.webhook !== null, { withinMs: webhookMsMax, what: "a webhook" });
      return {
        webhook: new URL(`/v1/telegram/webhook/${nameOf(index)}`, edge(index)),
        secret: webhookSecret,
        base: edge(index + 1),
        token: owner.token,
      };
    });
  } finally {
    await store.end();
  }
}

function bareDoors(base: string, bots: number): BotDoor[] {
  return Array.from({ length: bots }, (_, index) => ({
    webhook: new URL(`/v1/telegram/webhook/${nameOf(index)}`, base),
    secret: "none",
    base,
    token: nameOf(index),
  }));
}

function nameOf(index: number): string {
  return `load_${index}_bot`;
}

/** The sockets of the owners, and the connections that Telegram has to each bot's webhook. */
async function openTarget(
  name: string,
  doors: readonly BotDoor[],
  config: Config,
  pids: Target["pids"],
): Promise<Target> {
  const lost: string[] = [];
  const sockets: Connection[] = [];
  const lanes: HttpLane[][] = [];
  const stage: { book: UpdateStage["book"] } = { book: undefined };
  for (const { base, token, webhook, secret } of doors) {
    sockets.push(
      await connect(base, token, {
        frame(frame, atMs) {
          if (frame.type !== "Message") return;
          if (stage.book === undefined) lost.push(`${frame.uuid} came when none was due`);
          else stage.book.delivered(frame, atMs);
        },
        close: (code) => lost.push(`a socket was closed with ${code}`),
      }),
    );
    const headers = { "X-Telegram-Bot-Api-Secret-Token": secret };
    lanes.push(Array.from({ length: config.connections }, () => openHttpLane(webhook, headers)));
  }
  const speakers = Array.from({ length: config.chats }, (_, index) => {
    const ofBot = lanes[index % doors.length] as HttpLane[];
    const lane = ofBot[Math.floor(index / doors.length) % ofBot.length] as HttpLane;
    return { telegramId: firstTelegramId + index, lane };
  });
  return {
    name,
    pids,
    stage: Object.assign(stage, { speakers, lost }),
    async close() {
      for (const lane of lanes.flat()) lane.close();
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}

async function driveRounds(targets: readonly Target[], config: Config, tell: Progress): Promise<Round[]> {
  const loads: readonly { readonly name: string; readonly count: number; readonly pace: UpdatePace }[] = [
    {
      name: `${config.rate}/s`,
      count: config.rate * config.seconds,
      pace: { kind: "rate", perSecond: config.rate },
    },
    { name: "most", count: config.flood, pace: { kind: "answered" } },
  ];
  const rounds: Round[] = [];
  for (const { name, stage } of targets) {
    tell(`${name}: the first ${warmEach} updates of each of ${stage.speakers.length} people`, true);
    const warm = await postUpdates(stage, stage.speakers.length * warmEach, { kind: "answered" });
    if (warm.faultCount > 0) throw new Error(`${name}, first updates: ${warm.faults.join("; ")}`);
  }
  const turn = async (load: (typeof loads)[number], round: number): Promise<void> => {
    for (const { name, stage, pids } of targets) {
      const before = await cpuOf(pids());
      const count = round === 0 ? config.rate * config.warm : load.count;
      const phase: UpdatePhase = await postUpdates(stage, count, load.pace);
      const usage = await cpuOf(pids(), before);
      if (round > 0 || phase.faultCount > 0) {
        rounds.push({ target: name, load: load.name, round, phase, usage });
      }
      const { frames, updatesPerSecond } = phase;
      tell(
        `${name} ${load.name} ${round}: ${updatesPerSecond.toFixed(0)}/s, p50 ${frames.p50Ms.toFixed(1)} p99 ${frames.p99Ms.toFixed(1)} ms`,
        true,
      );
    }
  };
  const some = loads.filter(({ count }) => count > 0);
  // Round 0 of both comes before all others: it pays for compilation and is not counted; its faults are.
  if (config.warm > 0) for (const load of some.toReversed()) await turn(load, 0);
  for (const load of some) {
    for (let round = 1; round <= config.rounds; round++) await turn(load, round);
  }
  return rounds;
}

function figuresOf(rounds: readonly Round[]): readonly Figure[] {
  const goal = "P7";
  const control = "bare server";
  return [...Map.groupBy(rounds, ({ load }) => load)].flatMap(([load, of]) => {
    const ours = of.filter(({ target }) => target === "rookery");
    const theirs = of.filter(({ target }) => target === "control");
    const pairs = (read: (phase: UpdatePhase) => number) =>
      ours.flatMap(({ phase }, index) => {
        const other = theirs[index];
        return other === undefined ? [] : [{ ours: read(phase), control: read(other.phase) }];
      });
    if (load === "most") {
      const about = "as quickly as they are answered";
      return [
        figureOf(
          { goal, about, unit: "updates/s", better: "more", control },
          pairs(({ updatesPerSecond }) => updatesPerSecond),
        ),
      ];
    }
    const about = (part: string): string => `POST to frame ${part} at ${load}`;
    const unit = { goal, unit: "ms", better: "less", control } as const;
    return [
      figureOf(
        { ...unit, about: about("p50") },
        pairs(({ frames }) => frames.p50Ms),
      ),
      figureOf(
        { ...unit, about: about("p99") },
        pairs(({ frames }) => frames.p99Ms),
      ),
    ];
  });
}
