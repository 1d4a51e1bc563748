/**
 * Fan-out (P1): messages of one chat that very many sockets hear. What is compared is frames delivered in a CPU second of
 * the process that holds the sockets: an edge, whose messages are numbered and committed first, a bare uWebSockets.js
 * server that publishes, and Socket.IO.
 *
 * Bursts of equal size give all three as many frames to send in one write; how many came in a read is told. The naive
 * control is the bare one with bursts of one: a write for each frame.
 */
import { openBench } from "../bench.ts";
import { type Figure, figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { faultsOf, type Target, takeTurn, type Turn } from "../turns.ts";

interface Round extends Turn {
  readonly size: number;
  readonly burst: number;
  readonly perCpuSecond: number;
}

const socketsMax = 15_000;
const warmSize = 10;
const warmMessages = 5_000;

export const fanOutUsage = `npm run load -- fan-out [flags]
  --size 1000 --size 5000 --size 10000   sockets of the chat
  --burst 16       messages in one write, beside bursts of one
  --deliveries 100000   of a round, about
  --rounds 5       of the cluster and of each control, in turn
  --socket-io 1    0 leaves out the second control
${commonUsage}`;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runFanOut(args: readonly string[]): Promise<number> {
  const config = readFlags(
    args,
    { burst: [16, 1_000], deliveries: [100_000, 10_000_000], rounds: [5, 100], "socket-io": [1, 1] },
    { size: [[1_000, 5_000, 10_000], socketsMax] },
  );
  const tell = createProgress();
  const sockets = Math.max(...config.size);
  // Behind those that are measured a small one, to warm up all that does not depend on their size.
  const sizes = [...config.size, warmSize];
  const chats = sizes.map((size) => Array.from({ length: size }, (_, index) => index));
  const bench = await openBench({ sockets, chats, profileDir: config.profileDir }, tell);
  try {
    const targets: Target[] = [bench.rookery, await bench.addControl("bare")];
    if (config["socket-io"] === 1) targets.push(await bench.addControl("socket.io"));
    const rounds = await takeRounds(targets, config, (line) => tell(line, true));
    const faults = [...faultsOf(rounds), ...(await bench.closeSockets())];
    const figures = config.size.flatMap((size) => figuresOf(size, config.burst, rounds));
    return await report("fan-out", config, { figures, rounds, faults });
  } finally {
    await bench.end();
  }
}

async function takeRounds(
  targets: readonly Target[],
  {
    size: sizes,
    burst,
    deliveries,
    rounds,
  }: {
    readonly size: readonly number[];
    readonly burst: number;
    readonly deliveries: number;
    readonly rounds: number;
  },
  tell: (line: string) => void,
): Promise<Round[]> {
  const found: Round[] = [];
  for (const { generator } of targets) {
    await generator.drive("warm", warmMessages, { kind: "window", unackedMax: 50 }, [
      sizes.length,
      sizes.length + 1,
    ]);
  }
  for (const [place, size] of sizes.entries()) {
    for (const each of new Set([1, burst])) {
      const messages = Math.max(each, Math.ceil(deliveries / size / each) * each);
      // Round 0 pays for compilation, and is not counted.
      for (let round = 0; round <= rounds; round++) {
        for (const target of targets) {
          const name = `f${size}_${each}_${round}`;
          const pace = { kind: "burst", size: each } as const;
          const turn = await takeTurn(target, round, { name, messages, pace, chats: [place, place + 1] });
          const cpu = turn.cpuSeconds[target.name === "rookery" ? "edge" : "server"] ?? 0;
          const perCpuSecond = turn.report.deliveries.count / cpu;
          if (round > 0) found.push({ ...turn, size, burst: each, perCpuSecond });
          tell(
            `${size} sockets, bursts of ${each}, ${target.name} ${round}: ${perCpuSecond.toFixed(0)} a CPU second, ${turn.report.framesPerRead.toFixed(1)} frames a read`,
          );
        }
      }
    }
  }
  return found;
}

function figuresOf(size: number, burst: number, rounds: readonly Round[]): Figure[] {
  const of = (target: string, each: number): number[] =>
    rounds
      .filter((round) => round.size === size && round.burst === each && round.target === target)
      .map(({ perCpuSecond }) => perCpuSecond);
  const against = (target: string, ours: number, theirs: number, about: string): Figure =>
    figureOf(
      { goal: "P1", about, unit: "frames/CPU s", better: "more", control: target },
      of("rookery", ours).map((value, index) => ({
        ours: value,
        control: of(target, theirs)[index] ?? Number.NaN,
      })),
    );
  const figures = [...new Set([1, burst])].flatMap((each) => [
    against("bare", each, each, `${size} sockets, ${each} a write, raw uWS`),
    ...(of("socket.io", each).length === 0
      ? []
      : [against("socket.io", each, each, `${size} sockets, ${each} a write, Socket.IO`)]),
  ]);
  if (burst === 1) return figures;
  return [...figures, against("bare", burst, 1, `${size} sockets, ${burst} a write, naive raw uWS`)];
}
