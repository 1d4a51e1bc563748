/** The run that this package is for: a cluster under traffic, and a nemesis with a plan. */
import type { RigShape } from "../cluster/rig.ts";
import type { Deed } from "../nemesis/fault.ts";
import { openNemesis } from "../nemesis/nemesis.ts";
import { type FaultSource, planFaults } from "../nemesis/plan.ts";
import type { Plant } from "../plant/plants.ts";
import type { Report } from "./report.ts";
import { runStaged } from "./staged-run.ts";
import type { TrafficShape } from "./traffic.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly faults: number;
  readonly rig: RigShape;
  readonly traffic: TrafficShape;
  readonly only?: readonly FaultSource[];
  readonly deed?: Deed;
  readonly plant?: Plant;
  readonly keep: boolean;
  /** What is still unanswered so long after the last fault counts as such. */
  readonly answerMs?: number;
  /** One line about what is happening. */
  readonly tell: (line: string) => void;
}

/** After a fault the cluster gets so long to ack something before the next. */
const recoverMsMax = 20_000;
/** A run must be over after this and so long for each fault. */
const runMsBase = 120_000;
const runMsPerFault = 20_000;

/** Runs it. @returns the report; rejects only when the cluster could not be started at all. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const { seed, faults, only, deed, tell } = options;
  const shape = options.rig;
  const steps = planFaults({
    seed,
    faults,
    shape,
    ...(only === undefined ? {} : { only }),
    ...(deed === undefined ? {} : { deed }),
  });
  tell(`seed ${seed}: ${faults} faults in ${steps.length} steps`);
  return await runStaged({ ...options, runMsMax: runMsBase + faults * runMsPerFault }, async (hands) => {
    const { rig, traffic, say, signal, faultDone } = hands;
    const progress = async (): Promise<void> => {
      await traffic.nextAck(recoverMsMax);
    };
    const journal = traffic.faults;
    const nemesis = openNemesis({ rig, journal, tell: say, signal, progress, faultDone });
    await nemesis.run(steps);
  });
}
