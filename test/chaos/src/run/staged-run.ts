/** A run: a stage, something that is done to it, and the verdict over what was written down meanwhile. */
import { duration } from "../figure.ts";
import { guiltOf } from "../journal/tally.ts";
import { judge } from "../journal/verdict.ts";
import { readFigures } from "./figures.ts";
import type { Report } from "./report.ts";
import { settle } from "./settle.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";

export interface StagedRunOptions extends StageOptions {
  /** Keeps the run's folder also when it is clean. */
  readonly keep: boolean;
  /** What is still unanswered so long after the last fault counts as such. */
  readonly answerMs?: number;
  /** The whole run is given up after this, and is then not clean. */
  readonly runMsMax: number;
}

/** What is at hand while a run goes on. */
export interface Hands extends Stage {
  readonly seed: number;
  /** One line, with the time since the start. */
  readonly say: (line: string) => void;
  /** Aborted when the run has taken too long. */
  readonly signal: AbortSignal;
  /** A fault is over: for the line of progress. */
  readonly faultDone: () => void;
}

const progressMs = 5_000;

/** @returns the report; rejects only when the cluster cannot be started, or what is done to it throws. */
export async function runStaged(
  options: StagedRunOptions,
  act: (hands: Hands) => Promise<void>,
): Promise<Report> {
  const startMs = performance.now();
  const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s`;
  const say = (line: string): void => options.tell(`${seconds()}  ${line}`);
  const stage = await openStage({ ...options, tell: say });
  const { traffic } = stage;
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), options.runMsMax);
  let faultsDone = 0;
  const ticker = setInterval(() => {
    const { sent, acked, lag, looks } = traffic.counts;
    say(`${faultsDone} faults, sent ${sent}, acked ${acked}, lag ${lag}, looks ${looks}`);
  }, progressMs);
  let report: Report | undefined;
  try {
    await act({
      ...stage,
      seed: options.seed,
      say,
      signal: stop.signal,
      faultDone: () => {
        faultsDone += 1;
      },
    });
    say("settling");
    const truth = await settle(stage.rig, traffic, options.answerMs);
    const verdict = judge(traffic.journals, truth);
    const isClean = guiltOf(verdict).length === 0 && !stop.signal.aborted;
    if (stop.signal.aborted) say(`given up after ${duration(performance.now() - startMs)}`);
    report = {
      seed: options.seed,
      plant: options.plant?.name ?? null,
      isClean,
      verdict,
      figures: readFigures(traffic.journals, options.rig.shards),
      faultsDone,
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
