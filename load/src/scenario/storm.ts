/**
 * A storm of reconnects: all sockets of an edge are cut at once and come back at once, as after a network that failed.
 * Until the last of them has its `Hello`, in turn with a bare server that knows nobody and reads nothing.
 */
import { openBench } from "../bench.ts";
import { dealChats } from "../deal.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { clusterSeconds, usageOf } from "../turns.ts";

export const stormUsage = `npm run load -- storm [flags]
  --sockets 2000   all cut, all back
  --each 3         chats a person is in
  --members 10     people in a chat
  --opens 500      sockets being opened at a time
  --rounds 5       of the cluster and of the control, in turn
${commonUsage}`;

interface Round {
  readonly target: string;
  readonly round: number;
  readonly seconds: number;
  readonly helloP99Ms: number;
  readonly cpuSeconds: Readonly<Record<string, number>>;
}

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runStorm(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    sockets: [2_000, 15_000],
    each: [3, 100],
    members: [10, 1_000],
    opens: [500, 5_000],
    rounds: [5, 100],
  });
  const { sockets, each, members, opens: opensMax, profileDir } = config;
  const tell = createProgress();
  const chats = dealChats(sockets, each, members).members;
  const bench = await openBench({ sockets, chats, opensMax, profileDir }, tell);
  try {
    const targets = [bench.rookery, await bench.addControl("bare")];
    const rounds: Round[] = [];
    const faults: string[] = [];
    // Round 0 pays for compilation, and is not counted.
    for (let round = 0; round <= config.rounds; round++) {
      for (const { name, generator, pids } of targets) {
        const before = await usageOf(pids());
        const { openMs, hellos, sockets: back } = await generator.storm(opensMax);
        const after = await usageOf(pids());
        const cpuSeconds = Object.fromEntries(
          Object.keys(after).map((role) => [
            role,
            (after[role]?.cpuSeconds ?? 0) - (before[role]?.cpuSeconds ?? 0),
          ]),
        );
        if (back !== sockets) faults.push(`${name} ${round}: ${back} of ${sockets} are back`);
        const seconds = openMs / 1_000;
        tell(
          `${name} ${round}: all back after ${seconds.toFixed(1)} s, Hello p99 ${hellos.p99Ms.toFixed(0)} ms, CPU s ${clusterSeconds(cpuSeconds).toFixed(1)}`,
          true,
        );
        if (round > 0) rounds.push({ target: name, round, seconds, helloP99Ms: hellos.p99Ms, cpuSeconds });
      }
    }
    faults.push(...(await bench.closeSockets()));
    const of = (target: string): Round[] => rounds.filter((each) => each.target === target);
    const figure = (
      about: string,
      unit: string,
      better: "more" | "less",
      value: (round: Round) => number,
    ): ReturnType<typeof figureOf> =>
      figureOf(
        { goal: "R4", about, unit, better, control: "raw uWS" },
        of("rookery").map((round, index) => ({
          ours: value(round),
          control: value(of("bare")[index] as Round),
        })),
      );
    const figures = [
      figure("reconnects, all at once", "sockets/s", "more", ({ seconds }) => sockets / seconds),
      figure(
        "reconnects, all at once",
        "CPU ms each",
        "less",
        ({ cpuSeconds }) => (clusterSeconds(cpuSeconds) * 1_000) / sockets,
      ),
    ];
    return await report("storm", config, { figures, rounds, faults });
  } finally {
    await bench.end();
  }
}
