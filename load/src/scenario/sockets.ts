/**
 * Sockets: very many on one edge, each in a few chats, with modest traffic. Every reader must get every message once and
 * in order, no socket may be lost, and each costs memory while it idles.
 *
 * Rounds of the cluster and of the control, a bare uWebSockets.js server with the same sockets, chats and frames, take
 * turns; both keep all their sockets open throughout. What a socket of the cluster costs is compared to one of a bare
 * server in a single topic.
 */
import { type Cluster, startCluster, until } from "@rookery/kit";
import { createChat, eachOf, type User } from "../client.ts";
import { dealChats } from "../deal.ts";
import type { StageChat } from "../drive.ts";
import { profiling } from "../flags.ts";
import { type GeneratorProcess, startGenerator } from "../generator/generator-process.ts";
import { collectOnSignal, type Weight, weighProcess } from "../memory.ts";
import { addPeople, openClusterStore } from "../people.ts";
import { readUsage, type Usage } from "../process-usage.ts";
import { createProgress, type Progress } from "../progress.ts";
import { saveResult } from "../result.ts";
import type { StageDoor } from "../stage.ts";
import { startControl } from "./control.ts";
import { readSocketsConfig, type SocketsConfig } from "./sockets-config.ts";
import { asTable, type IdleMemory, type Opened, type Round } from "./sockets-report.ts";

const createsMax = 16;
/** Opened and closed before the empty server is weighed: the code that serves them is not their cost. */
const warmSockets = 500;
const warmMessagesEach = 2;
const replaceMsMax = 60_000;

interface Target {
  readonly name: string;
  readonly url: string;
  readonly generator: GeneratorProcess;
  readonly pids: () => Readonly<Record<string, number>>;
}

interface Scene {
  readonly doors: readonly StageDoor[];
  readonly chats: readonly StageChat[];
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runSockets(args: readonly string[]): Promise<number> {
  const config = readSocketsConfig(args);
  const tell = createProgress();
  const cluster = await startCluster({
    edges: 1,
    workers: config.workers,
    env: { NODE_OPTIONS: `--import=${collectOnSignal} ${profiling(config)}` },
  });
  const bare = await startControl();
  const generators = ["rookery", "control"].map((name) => startGenerator(name, tell));
  const [first, second] = generators as [GeneratorProcess, GeneratorProcess];
  try {
    const base = cluster.edges[0] ?? "";
    const scene = await setScene(cluster, base, config, tell);
    const rookery = { name: "rookery", url: base, generator: first, pids: () => pidsOf(cluster, first) };
    const control = {
      name: "control",
      url: bare.url,
      generator: second,
      pids: () => ({ server: bare.pid, generator: second.pid }),
    };
    const opened: Opened[] = [];
    const idle: IdleMemory[] = [];
    await replaceEdge(cluster, base);
    await weigh(rookery, scene, config, { opened, idle, tell });
    await weighBare(control.generator, config, { idle, tell });
    await open(control, bareScene(bare.url, scene), config, { opened, tell });
    const rounds = await driveRounds([rookery, control], config, tell);
    const held = await heldBy(base);
    const lost = await Promise.all(generators.map((generator) => generator.close()));
    const faults = [
      ...rounds.flatMap(({ target, round, report }) =>
        report.faultCount === 0 ? [] : [`${target} ${round}: ${report.faultCount} faults`, ...report.faults],
      ),
      ...lost.flat(),
      ...(held === config.sockets ? [] : [`the edge holds ${held} sockets of ${config.sockets}`]),
    ];
    const report = { sockets: config.sockets, chats: scene.chats.length, opened, idle, rounds, faults };
    const { profileDir: _, save, asJson, ...shape } = config;
    if (save) await saveResult("sockets", { shape, ...report });
    process.stdout.write(asJson ? `${JSON.stringify(report)}\n` : asTable(report));
    return faults.length === 0 ? 0 : 1;
  } finally {
    await Promise.all(generators.map((generator) => generator.end()));
    await bare.close();
    await cluster.close();
  }
}

/** People by SQL, chats by REST, a socket for each person. */
async function setScene(
  cluster: Cluster,
  base: string,
  { sockets, chatsEach, members }: SocketsConfig,
  tell: Progress,
): Promise<Scene> {
  const store = await openClusterStore(cluster.dataDir);
  try {
    const people = await addPeople(store, cluster.dataDir, sockets);
    tell(`${people.length} people`, true);
    const dealt = dealChats(sockets, chatsEach, members).members;
    const chats = await eachOf(
      dealt,
      createsMax,
      async (readers, index) => {
        const [owner, ...others] = readers.map((reader) => people[reader] as User);
        return { ...(await createChat(base, owner as User, others, `load ${index}`)), readers };
      },
      (count) => tell(`made ${count} of ${dealt.length} chats`),
    );
    return { chats, doors: people.map(({ token }) => ({ base, token })) };
  } finally {
    await store.end();
  }
}

/** The same readers of the same chats; a token is the list of them. */
function bareScene(base: string, { doors, chats }: Scene): Scene {
  const chatsOf = doors.map((): number[] => []);
  for (const { id, readers } of chats) for (const reader of readers) chatsOf[reader]?.push(id);
  return {
    doors: chatsOf.map((ids) => ({ base, token: ids.join(".") })),
    chats: chats.map(({ id, readers }) => ({ id, readers, headSeq: 0 })),
  };
}

/** Opens the sockets of the cluster, weighing its edge before and after. */
async function weigh(
  target: Target,
  scene: Scene,
  config: SocketsConfig,
  into: { readonly opened: Opened[]; readonly idle: IdleMemory[]; readonly tell: Progress },
): Promise<void> {
  const pid = target.pids()["edge"] ?? 0;
  await warmUp(target.generator, scene.doors);
  const empty = await weighProcess(pid, into.tell);
  await open(target, scene, config, into);
  const full = await weighProcess(pid, into.tell);
  into.idle.push(idleMemory(target.name, empty, full, config.sockets));
}

/** As many sockets of a bare server, in a topic each; closed again. */
async function weighBare(
  generator: GeneratorProcess,
  { sockets, opensMax }: SocketsConfig,
  into: { readonly idle: IdleMemory[]; readonly tell: Progress },
): Promise<void> {
  const server = await startControl();
  try {
    const doors = Array.from({ length: sockets }, (_, index) => ({
      base: server.url,
      token: String(index + 1),
    }));
    await warmUp(generator, doors);
    const empty = await weighProcess(server.pid, into.tell);
    await generator.open({ doors, chats: [], opensMax });
    const full = await weighProcess(server.pid, into.tell);
    await generator.close();
    into.idle.push(idleMemory("bare, 1 topic", empty, full, sockets));
  } finally {
    await server.close();
  }
}

async function warmUp(generator: GeneratorProcess, doors: readonly StageDoor[]): Promise<void> {
  await generator.open({ doors: doors.slice(0, warmSockets), chats: [], opensMax: warmSockets / 10 });
  await generator.close();
}

function idleMemory(target: string, empty: Weight, full: Weight, sockets: number): IdleMemory {
  return {
    target,
    empty,
    full,
    bytesPerSocket: (full.collectedBytes - empty.collectedBytes) / sockets,
    bytesPerSocketAtRest: (full.restBytes - empty.collectedBytes) / sockets,
  };
}

/** A fresh edge: what making the chats has left in the old one is no part of an empty edge. */
async function replaceEdge(cluster: Cluster, base: string): Promise<void> {
  const [old] = cluster.pids.edge;
  cluster.kill("edge", 0, "SIGTERM");
  await until(() => cluster.pids.edge[0] !== old, { withinMs: replaceMsMax, what: "another edge" });
  await until(async () => (await fetch(`${base}/health/ready`)).ok, { withinMs: replaceMsMax });
}

async function open(
  { name, generator }: Target,
  { doors, chats }: Scene,
  { opensMax }: SocketsConfig,
  { opened, tell }: { readonly opened: Opened[]; readonly tell: Progress },
): Promise<void> {
  const { sockets, openMs, hellos } = await generator.open({ doors, chats, opensMax });
  opened.push({ target: name, socketsPerSecond: (sockets * 1_000) / openMs, allMs: openMs, hellos });
  tell(`${name}: ${sockets} sockets open after ${(openMs / 1_000).toFixed(1)} s`, true);
}

/** A B A B: both take their turn in each round. */
async function driveRounds(
  targets: readonly Target[],
  { perSecond, seconds, rounds, sockets }: SocketsConfig,
  tell: Progress,
): Promise<Round[]> {
  const found: Round[] = [];
  const pace = { kind: "rate", perSecond } as const;
  const warm = Math.min(perSecond * seconds, warmMessagesEach * sockets);
  for (const { generator } of targets) await generator.drive("warm", Math.ceil(warm / 4), pace);
  for (let round = 1; round <= rounds; round++) {
    for (const { name, generator, pids } of targets) {
      tell(`${name}, round ${round}: ${perSecond} messages a second for ${seconds} s`, true);
      const before = await usageOf(pids());
      const report = await generator.drive(`r${round}`, perSecond * seconds, pace);
      found.push({ target: name, round, report, usage: since(before, await usageOf(pids())) });
    }
  }
  return found;
}

function pidsOf({ pids }: Cluster, generator: GeneratorProcess): Record<string, number> {
  const named = Object.entries(pids).flatMap(([role, list]) =>
    list.map((pid, index) => [list.length === 1 ? role : `${role} ${index}`, pid] as const),
  );
  return { ...Object.fromEntries(named), generator: generator.pid };
}

async function usageOf(pids: Readonly<Record<string, number>>): Promise<Record<string, Usage>> {
  const entries = Object.entries(pids).map(async ([name, pid]) => [name, await readUsage(pid)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function since(before: Record<string, Usage>, after: Record<string, Usage>): Record<string, Usage> {
  return Object.fromEntries(
    Object.entries(after).map(([name, usage]) => [
      name,
      { ...usage, cpuSeconds: usage.cpuSeconds - (before[name]?.cpuSeconds ?? 0) },
    ]),
  );
}

/** How many sockets the edge itself counts. */
async function heldBy(base: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(/^rookery_ws_connections(?:\{.*\})? (\d+)$/m.exec(text)?.[1]);
}
