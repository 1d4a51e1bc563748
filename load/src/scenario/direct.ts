/**
 * Throughput (P3): messages of a thousand small chats, as quickly as they are acked. Each is committed, numbered once and
 * delivered to all its readers. The ceiling is the slower of what must happen for it at least: an append to JetStream, one
 * by one, and a row in Postgres, many at a time. Both are measured in turn, on the cluster's own servers.
 */
import { openBench } from "../bench.ts";
import { measureInserts, openLogCeiling } from "../ceiling.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { openClusterStore } from "../people.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { neighbours } from "../scene.ts";
import { clusterSeconds, faultsOf, type RoleUsage, takeTurn, type Turn, usageOf } from "../turns.ts";

interface Round extends Turn {
  readonly appendsPerSecond: number;
  readonly insertsPerSecond: number;
  /** CPU seconds of both ceilings, in the servers and in this process. */
  readonly ceilingCpuSeconds: number;
}

/** While V8 still compiles, a round is slower by a tenth. */
const warmTimes = 3;

export const directUsage = `npm run load -- direct [flags]
  --chats 1000     each of --members, a socket each
  --members 5
  --messages 40000 of a round
  --window 5000    messages unacknowledged at a time: one of each socket
  --rounds 5       of the cluster and of both ceilings, in turn
  --edges 1 --workers 1   of the cluster it starts
${commonUsage}`;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runDirect(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    chats: [1_000, 100_000],
    members: [5, 1_000],
    messages: [40_000, 10_000_000],
    window: [5_000, 50_000],
    rounds: [5, 100],
    edges: [1, 16],
    workers: [1, 16],
  });
  const { chats, members, messages, window, edges, workers, profileDir } = config;
  const tell = createProgress();
  const shape = { sockets: chats * members, chats: neighbours(chats, members) };
  const bench = await openBench({ ...shape, edges, workers, profileDir }, tell);
  const store = await openClusterStore(bench.cluster.dataDir);
  const log = await openLogCeiling(bench.cluster.dataDir);
  try {
    const rounds: Round[] = [];
    const turns: Turn[] = [];
    const pace = { kind: "window", unackedMax: window } as const;
    // Round 0 pays for compilation, is longer for that, and not counted; its faults are.
    for (let round = 0; round <= config.rounds; round++) {
      const count = round === 0 ? warmTimes * messages : messages;
      const turn = await takeTurn(bench.rookery, round, { name: `d${round}`, messages: count, pace });
      turns.push(turn);
      const pids = (): Record<string, readonly number[]> => {
        const { nats, postgres } = bench.cluster.pids;
        return { nats, postgres, self: [process.pid] };
      };
      const before = await usageOf(pids());
      const appendsPerSecond = await log.measure(messages);
      const insertsPerSecond = await measureInserts(store, messages);
      const ceilingCpuSeconds = secondsSince(before, await usageOf(pids()));
      const { messagesPerSecond, acks } = turn.report;
      tell(
        `round ${round}: ${messagesPerSecond.toFixed(0)} msg/s, ack p99 ${acks.p99Ms.toFixed(0)} ms; appends ${appendsPerSecond.toFixed(0)}, inserts ${insertsPerSecond.toFixed(0)}; CPU s ${cpuOf(turn)}`,
        true,
      );
      if (round > 0) rounds.push({ ...turn, appendsPerSecond, insertsPerSecond, ceilingCpuSeconds });
    }
    const faults = [...faultsOf(turns), ...(await bench.closeSockets())];
    const figure = { goal: "P3", better: "more", unit: "msg/s" } as const;
    const ceiling = "the slower of append and insert";
    const figures = [
      figureOf(
        { ...figure, about: "acked, committed, delivered", control: ceiling },
        rounds.map(({ report: { messagesPerSecond: ours }, appendsPerSecond, insertsPerSecond }) => ({
          ours,
          control: Math.min(appendsPerSecond, insertsPerSecond),
        })),
      ),
      figureOf(
        {
          ...figure,
          about: "CPU of the whole cluster",
          unit: "µs/msg",
          better: "less",
          control: "one append and one insert",
        },
        rounds.map(({ cpuSeconds, ceilingCpuSeconds }) => ({
          ours: (clusterSeconds(cpuSeconds) * 1e6) / messages,
          control: (ceilingCpuSeconds * 1e6) / messages,
        })),
      ),
    ];
    return await report("direct", config, { figures, rounds, faults });
  } finally {
    await log.close();
    await store.end();
    await bench.end();
  }
}

function secondsSince(before: RoleUsage, after: RoleUsage): number {
  return Object.keys(after).reduce(
    (sum, role) => sum + (after[role]?.cpuSeconds ?? 0) - (before[role]?.cpuSeconds ?? 0),
    0,
  );
}

function cpuOf({ cpuSeconds }: Turn): string {
  return Object.entries(cpuSeconds)
    .map(([role, seconds]) => `${role} ${seconds.toFixed(1)}`)
    .join(", ");
}
