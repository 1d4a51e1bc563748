/**
 * Idle (P2): what a socket costs an edge while nothing happens, when its user is in many chats: growth of the edge's
 * resident memory over the empty edge, by socket, garbage collected. The controls have as many sockets, in one topic each.
 */
import { startCluster, until } from "@rookery/kit";
import type { Dialect } from "../client.ts";
import { dealChats } from "../deal.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { type GeneratorProcess, startGenerator } from "../generator/generator-process.ts";
import { collectOnSignal, weighProcess } from "../memory.ts";
import { createProgress, type Progress } from "../progress.ts";
import { report } from "../result.ts";
import { setScene } from "../scene.ts";
import type { StageDoor } from "../stage.ts";
import { startControl } from "./control.ts";

export const idleUsage = `npm run load -- idle [flags]
  --sockets 4000   each of a person of its own
  --each 20        chats a person is in
  --members 50     people in a chat
  --opens 100      sockets being opened at a time
${commonUsage}`;

/** Opened and closed before the empty server is weighed: the code that serves them is not their cost. */
const warmSockets = 500;
const readyMsMax = 120_000;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runIdle(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    sockets: [4_000, 15_000],
    each: [20, 500],
    members: [50, 1_000],
    opens: [100, 2_000],
  });
  const { sockets, each, members, opens: opensMax } = config;
  const tell = createProgress();
  const cluster = await startCluster({ env: { NODE_OPTIONS: `--import=${collectOnSignal}` } });
  const generator = startGenerator("idle", tell);
  try {
    const scene = await setScene(cluster, sockets, dealChats(sockets, each, members).members);
    const weighing = { generator, opensMax, tell };
    const edge = cluster.pids.edge[0] ?? 0;
    const ours = await growthOf(edge, scene.doors, weighing);
    const held = await heldBy(cluster.edges[0] ?? "");
    const lost = [...(await generator.close())];
    await until(async () => (await heldBy(cluster.edges[0] ?? "")) === 0, { withinMs: readyMsMax });
    const bare = await growthOfControl("bare", sockets, weighing);
    const socketIo = await growthOfControl("socket.io", sockets, weighing);
    const faults = held === sockets ? lost : [...lost, `the edge holds ${held} sockets of ${sockets}`];
    const figure = (control: string, theirs: number): ReturnType<typeof figureOf> =>
      figureOf(
        {
          goal: "P2",
          about: `idle socket, ${each} chats; ${control}`,
          unit: "bytes",
          better: "less",
          control,
        },
        [{ ours, control: theirs }],
      );
    const figures = [figure("raw uWS", bare), figure("Socket.IO", socketIo)];
    return await report("idle", config, { figures, faults });
  } finally {
    await generator.end();
    await cluster.close();
  }
}

interface Weighing {
  readonly generator: GeneratorProcess;
  readonly opensMax: number;
  readonly tell: Progress;
}

/** Bytes a socket, between the warm and empty server and the full one. */
async function growthOf(
  pid: number,
  doors: readonly StageDoor[],
  { generator, opensMax, tell }: Weighing,
): Promise<number> {
  await generator.open({ doors: doors.slice(0, warmSockets), chats: [], opensMax });
  await generator.close();
  const empty = await weighProcess(pid, tell);
  await generator.open({ doors, chats: [], opensMax });
  const full = await weighProcess(pid, tell);
  const bytes = (full.collectedBytes - empty.collectedBytes) / doors.length;
  tell(`${bytes.toFixed(0)} bytes a socket`, true);
  return bytes;
}

async function growthOfControl(
  kind: "bare" | "socket.io",
  sockets: number,
  weighing: Weighing,
): Promise<number> {
  const server = await startControl(kind);
  try {
    const dialect: Dialect = kind === "bare" ? "rookery" : kind;
    const doors = Array.from({ length: sockets }, (_, index) => ({
      base: server.url,
      token: String(index + 1),
      dialect,
    }));
    const bytes = await growthOf(server.pid, doors, weighing);
    await weighing.generator.close();
    return bytes;
  } finally {
    await server.close();
  }
}

/** How many sockets the edge itself counts. */
async function heldBy(base: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return Number(/^rookery_ws_connections(?:\{.*\})? (\d+)$/m.exec(text)?.[1]);
}
