/**
 * Overload (R11): what the cluster can do is found first, then twice as much is asked of it, then half. Too much must be
 * told `overloaded`, not kept: memory stays bounded, no ack is later than five seconds, and five seconds after the flood
 * things are as they were.
 */
import { openBench } from "../bench.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { neighbours } from "../scene.ts";
import { takeTurn, type Turn } from "../turns.ts";

export const overloadUsage = `npm run load -- overload [flags]
  --chats 500      each of --members, a socket each
  --members 2
  --seconds 10     of too much
  --times 2        of what it can do
  --rounds 1
${commonUsage}`;

const probeMessages = 20_000;
const probeWindow = 2_000;
/** Where a calm ack lies at most, 5 s after the flood; the machine may be shared. */
const calmMs = 1_000;
const ackMsMax = 5_000;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runOverload(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    chats: [500, 10_000],
    members: [2, 100],
    seconds: [10, 600],
    times: [2, 10],
    rounds: [1, 10],
  });
  const { chats, members, seconds, times, profileDir } = config;
  const tell = createProgress();
  const shape = { sockets: chats * members, chats: neighbours(chats, members) };
  const bench = await openBench({ ...shape, profileDir }, tell);
  try {
    const faults: string[] = [];
    const rounds: { readonly capacity: number; readonly turns: readonly Turn[] }[] = [];
    for (let round = 1; round <= config.rounds; round++) {
      const turn = async (name: string, messages: number, perSecond: number | null): Promise<Turn> => {
        const pace =
          perSecond === null
            ? ({ kind: "window", unackedMax: probeWindow } as const)
            : ({ kind: "rate", perSecond } as const);
        const taken = await takeTurn(bench.rookery, round, { name: `${name}${round}`, messages, pace });
        const { acks, refused, messagesPerSecond } = taken.report;
        tell(
          `${name}: ${messagesPerSecond.toFixed(0)} msg/s, acks p99 ${acks.p99Ms.toFixed(0)} max ${acks.maxMs.toFixed(0)} ms, refused ${JSON.stringify(refused)}`,
          true,
        );
        return taken;
      };
      await turn("warm", probeMessages, null);
      const probe = await turn("probe", probeMessages, null);
      const capacity = probe.report.messagesPerSecond;
      const flood = await turn("flood", Math.round(capacity * times * seconds), Math.round(capacity * times));
      const after = await turn("after", Math.round(capacity * 2.5), Math.round(capacity / 2));
      const calm = await turn("calm", Math.round(capacity), Math.round(capacity / 2));
      const others = Object.keys(flood.report.refused).filter((code) => code !== "overloaded");
      if (others.length > 0) faults.push(`refused as ${others.join(", ")}, not as overloaded`);
      if (flood.report.acks.maxMs > ackMsMax) faults.push(`an ack after ${flood.report.acks.maxMs} ms`);
      if (calm.report.acks.p99Ms > calmMs) faults.push(`acks p99 ${calm.report.acks.p99Ms} ms, long after`);
      rounds.push({ capacity, turns: [probe, flood, after, calm] });
    }
    faults.push(...(await bench.closeSockets()));
    const part = (index: number): Turn[] => rounds.map(({ turns }) => turns[index] as Turn);
    const [probes, floods, , calms] = [0, 1, 2, 3].map(part) as [Turn[], Turn[], Turn[], Turn[]];
    const goal = "R11";
    const figures = [
      figureOf(
        {
          goal,
          about: `goodput at ${times} times capacity`,
          unit: "acks/s",
          better: "more",
          control: "capacity",
        },
        floods.map(({ report: { acks, seconds: took } }, index) => ({
          ours: acks.count / took,
          control: rounds[index]?.capacity ?? Number.NaN,
        })),
      ),
      figureOf(
        { goal, about: "latest ack in the flood", unit: "ms", better: "less" },
        floods.map(({ report: { acks } }) => ({ ours: acks.maxMs })),
      ),
      figureOf(
        { goal, about: "ack p99, 5 s after", unit: "ms", better: "less", control: "at capacity" },
        calms.map(({ report: { acks } }, index) => ({
          ours: acks.p99Ms,
          control: probes[index]?.report.acks.p99Ms ?? Number.NaN,
        })),
      ),
      figureOf(
        { goal, about: "RSS of edge and worker in the flood", unit: "MB", better: "less", control: "before" },
        floods.map(({ rssBytes }, index) => ({
          ours: megabytes(rssBytes),
          control: megabytes(probes[index]?.rssBytes ?? {}),
        })),
      ),
    ];
    return await report("overload", config, { figures, rounds, faults });
  } finally {
    await bench.end();
  }
}

function megabytes(rssBytes: Readonly<Record<string, number>>): number {
  return ((rssBytes["edge"] ?? 0) + (rssBytes["worker"] ?? 0)) / 1e6;
}
