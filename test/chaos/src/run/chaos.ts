/** One run: a cluster, its traffic, its nemesis, and the verdict over what was written down. */
import { guiltOf } from "../journal/tally.ts";
import { judge } from "../journal/verdict.ts";
import { openNemesis } from "../nemesis/nemesis.ts";
import { type FaultSource, planFaults } from "../nemesis/plan.ts";
import type { Plant } from "../plant/plants.ts";
import { duration } from "../figure.ts";
import { readFigures } from "./figures.ts";
import type { Report } from "./report.ts";
import { settle } from "./settle.ts";
import { openStage } from "./stage.ts";
import type { RigShape } from "../cluster/rig.ts";
import type { TrafficShape } from "./traffic.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly faults: number;
  readonly rig: RigShape;
  readonly traffic: TrafficShape;
  readonly only?: readonly FaultSource[];
  readonly plant?: Plant;
  /** Keeps the run's folder also when it is clean. */
  readonly keep: boolean;
  /** What is still unanswered so long after the last fault counts as such. */
  readonly answerMs?: number;
  /** One line about what is happening. */
  readonly tell: (line: string) => void;
}

const progressMs = 5_000;
/** After a fault the cluster gets so long to ack something before the next. */
const recoverMsMax = 20_000;
/** A run with so many faults must be over after this and so long for each. */
const runMsBase = 120_000;
const runMsPerFault = 20_000;

/** Runs it. @returns the report; rejects only when the cluster could not be started at all. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const { seed, tell } = options;
  const startMs = performance.now();
  const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s`;
  const say = (line: string): void => tell(`${seconds()}  ${line}`);
  const steps = planFaults({
    seed,
    faults: options.faults,
    shape: options.rig,
    ...(options.only === undefined ? {} : { only: options.only }),
  });
  tell(`seed ${seed}: ${options.faults} faults in ${steps.length} steps`);
  const stage = await openStage({
    seed,
    rig: options.rig,
    traffic: options.traffic,
    tell: say,
    ...(options.plant === undefined ? {} : { plant: options.plant }),
  });
  const { rig, traffic } = stage;
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), runMsBase + options.faults * runMsPerFault);
  const nemesis = openNemesis({
    rig,
    journal: traffic.faults,
    tell: say,
    signal: stop.signal,
    progress: async () => {
      await traffic.nextAck(recoverMsMax);
    },
  });
  const ticker = setInterval(() => {
    const { sent, acked, lag, looks } = traffic.counts;
    say(`${nemesis.done}/${options.faults} faults, sent ${sent}, acked ${acked}, lag ${lag}, looks ${looks}`);
  }, progressMs);
  let report: Report | undefined;
  try {
    await nemesis.run(steps);
    say("settling");
    const truth = await settle(rig, traffic, options.answerMs);
    const verdict = judge(traffic.journals, truth);
    const isClean = guiltOf(verdict).length === 0 && !stop.signal.aborted;
    if (stop.signal.aborted) say(`given up after ${duration(performance.now() - startMs)}`);
    report = {
      seed,
      plant: options.plant?.name ?? null,
      isClean,
      verdict,
      figures: readFigures(traffic.journals, options.rig.shards),
      faultsDone: nemesis.done,
      durationMs: performance.now() - startMs,
      runDir: isClean && !options.keep ? null : stage.runDir,
    };
    return report;
  } finally {
    clearTimeout(limit);
    clearInterval(ticker);
    await stage.close({ keep: options.keep || report?.isClean !== true });
  }
}
