/**
 * Latency (P4): a thousand messages a second over a thousand chats of ten, whether answered or not. Times count from when
 * a message was due to its ack, and until the last of its readers had it. In turn with a bare server that publishes the
 * same, and with writes through to the disk, one of which is in every commit.
 */
import { openBench } from "../bench.ts";
import { measureFsync } from "../ceiling.ts";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";
import { neighbours } from "../scene.ts";
import { faultsOf, takeTurn, type Turn } from "../turns.ts";

interface Round {
  readonly ours: Turn;
  readonly control: Turn;
  readonly fsyncP99Ms: number;
}

export const latencyUsage = `npm run load -- latency [flags]
  --chats 1000     each of --members, a socket each
  --members 10
  --rate 1000      messages a second in all
  --seconds 10     of a round
  --rounds 5       of the cluster and of the control, in turn
  --edges 1 --workers 1   of the cluster it starts
${commonUsage}`;

const fsyncs = 300;

/** @returns the exit code: 1 when any check failed. @throws ConfigError */
export async function runLatency(args: readonly string[]): Promise<number> {
  const config = readFlags(args, {
    chats: [1_000, 100_000],
    members: [10, 1_000],
    rate: [1_000, 50_000],
    seconds: [10, 3_600],
    rounds: [5, 100],
    edges: [1, 16],
    workers: [1, 16],
  });
  const { chats, members, rate, seconds, edges, workers, profileDir } = config;
  const tell = createProgress();
  const shape = { sockets: chats * members, chats: neighbours(chats, members) };
  const bench = await openBench({ ...shape, edges, workers, profileDir }, tell);
  try {
    const bare = await bench.addControl("bare");
    const rounds: Round[] = [];
    const turns: Turn[] = [];
    // Round 0 pays for compilation, and is not counted; its faults are.
    for (let round = 0; round <= config.rounds; round++) {
      const phase = {
        name: `l${round}`,
        messages: rate * seconds,
        pace: { kind: "rate", perSecond: rate },
      } as const;
      const ours = await takeTurn(bench.rookery, round, phase);
      const control = await takeTurn(bare, round, phase);
      const fsync = await measureFsync(bench.cluster.dataDir, fsyncs);
      tell(
        `round ${round}: ack p50 ${ours.report.acks.p50Ms.toFixed(1)} p99 ${ours.report.acks.p99Ms.toFixed(1)}, last p99 ${ours.report.lasts.p99Ms.toFixed(1)} ms; bare last p99 ${control.report.lasts.p99Ms.toFixed(1)}, fsync p99 ${fsync.p99Ms.toFixed(1)}`,
        true,
      );
      turns.push(ours, control);
      if (round > 0) rounds.push({ ours, control, fsyncP99Ms: fsync.p99Ms });
    }
    const faults = [...faultsOf(turns), ...(await bench.closeSockets())];
    const floor = "raw uWS broadcast p99 + fsync p99";
    const figure = (about: string, of: (turn: Turn) => number): ReturnType<typeof figureOf> =>
      figureOf(
        { goal: "P4", about, unit: "ms", better: "less", control: floor },
        rounds.map((round) => ({
          ours: of(round.ours),
          control: round.control.report.lasts.p99Ms + round.fsyncP99Ms,
        })),
      );
    const figures = [
      figure("send to ack p50", ({ report: { acks } }) => acks.p50Ms),
      figure("send to ack p99", ({ report: { acks } }) => acks.p99Ms),
      figure("send to last delivery p50", ({ report: { lasts } }) => lasts.p50Ms),
      figure("send to last delivery p99", ({ report: { lasts } }) => lasts.p99Ms),
    ];
    return await report("latency", config, { figures, rounds, faults });
  } finally {
    await bench.end();
  }
}
