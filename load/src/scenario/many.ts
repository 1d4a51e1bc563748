/**
 * Many: a hundred thousand sockets over six edges. They connect, idle, each gets a message, and the edges are stopped, which
 * must move every socket by a word and close 4000. Generators share the sockets out: each has 20,000 descriptors.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startCluster } from "@rookery/kit";
import { type Figure, figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { type GeneratorProcess, startGenerator } from "../generator/generator-process.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { neighbours, setScene } from "../scene.ts";
import { usageOf } from "../turns.ts";

export const manyUsage = `npm run load -- many [flags]
  --sockets 100000 each of a person of its own, in one chat
  --edges 6
  --members 10     people in a chat
  --idle 60        seconds in which nothing happens
  --rate 500       messages a second then, one in each chat
  --opens 50       sockets being opened at a time, of each generator
${commonUsage}`;

const socketsPerGenerator = 15_000;
/** What a socket is closed with that is to come back at once: draining. */
const drained = "was closed with 4000";

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runMany(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    sockets: [100_000, 200_000],
    edges: [6, 16],
    members: [10, 1_000],
    idle: [60, 3_600],
    rate: [500, 50_000],
    opens: [50, 1_000],
  });
  const { members, edges, opens: opensMax } = config;
  const chatCount = Math.floor(config.sockets / members);
  const sockets = chatCount * members;
  const tell = createProgress();
  // Edges even out what they hold while clients come back, and these do not.
  const cluster = await startCluster({ edges, env: { SHED_PERCENT: "0" } });
  const generators: GeneratorProcess[] = [];
  try {
    const scene = await setScene(cluster, sockets, neighbours(chatCount, members));
    tell(`${sockets} people in ${chatCount} chats`, true);
    const pids = (): Record<string, readonly number[]> => ({ ...cluster.pids });
    const empty = await usageOf(pids());
    const chatsEach = Math.floor(socketsPerGenerator / members);
    const parts: {
      readonly generator: GeneratorProcess;
      readonly sockets: number;
      readonly chats: number;
    }[] = [];
    const startMs = performance.now();
    for (let at = 0; at < chatCount; at += chatsEach) {
      const generator = startGenerator(`generator ${generators.length + 1}`, tell);
      generators.push(generator);
      const chats = scene.chats.slice(at, at + chatsEach);
      parts.push({ generator, sockets: chats.length * members, chats: chats.length });
    }
    await Promise.all(
      parts.map(({ generator, chats }, index) => {
        const first = index * chatsEach;
        return generator.open({
          doors: scene.doors.slice(first * members, (first + chats) * members),
          chats: scene.chats
            .slice(first, first + chats)
            .map((chat) => ({ ...chat, readers: chat.readers.map((reader) => reader - first * members) })),
          opensMax,
        });
      }),
    );
    const openSeconds = (performance.now() - startMs) / 1_000;
    tell(`all open after ${openSeconds.toFixed(0)} s; idle for ${config.idle} s`, true);
    const opened = await usageOf(pids());
    await sleep(config.idle * 1_000);
    const idle = await usageOf(pids());
    const pace = { kind: "rate", perSecond: Math.max(1, Math.floor(config.rate / parts.length)) } as const;
    const reports = await Promise.all(
      parts.map(({ generator, chats }) => generator.drive("one", chats, pace)),
    );
    const faults = reports.flatMap((each) => each.faults);
    const delivered = reports.reduce((sum, each) => sum + each.deliveries.count, 0);
    if (delivered !== sockets) faults.push(`${delivered} of ${sockets} got their message`);
    tell(`${delivered} got their message; stopping`, true);
    await cluster.stop("SIGTERM");
    const ends = (await Promise.all(generators.map((generator) => generator.close()))).flat();
    const moved = ends.filter((end) => end.endsWith(drained)).length;
    if (moved !== sockets) faults.push(`${moved} of ${sockets} were moved`);
    const figure = (about: string, unit: string, value: number): Figure =>
      figureOf({ goal: "P2", about: `${sockets} sockets, ${edges} edges: ${about}`, unit, better: "less" }, [
        { ours: value },
      ]);
    const figures = [
      figure("all open", "s", openSeconds),
      figure(
        "RSS of the edges, garbage included",
        "bytes a socket",
        ((idle["edge"]?.rssBytes ?? 0) - (empty["edge"]?.rssBytes ?? 0)) / sockets,
      ),
      figure(
        "CPU of the edges while idle",
        "ms/s",
        (((idle["edge"]?.cpuSeconds ?? 0) - (opened["edge"]?.cpuSeconds ?? 0)) * 1_000) /
          Math.max(1, config.idle),
      ),
      figure("delivery p99", "ms", Math.max(...reports.map((each) => each.deliveries.p99Ms))),
    ];
    return await report("many", config, { figures, rounds: reports, faults });
  } finally {
    await Promise.all(generators.map((generator) => generator.end()));
    await cluster.close();
  }
}
