/** The checker checked: a run with a bug of ours in it, which must not come out clean. */
import type { RigShape } from "../cluster/rig.ts";
import { type CounterName, guiltOf } from "../journal/tally.ts";
import { runChaos } from "../run/chaos.ts";
import type { Report } from "../run/report.ts";
import type { TrafficShape } from "../run/traffic.ts";
import type { Plant } from "./plants.ts";

export interface Trial {
  readonly plant: string;
  readonly seed: number;
  /** Counters that found it, of those that are meant to. */
  readonly caughtBy: readonly CounterName[];
  /** What else was found. */
  readonly besides: readonly CounterName[];
  readonly faultsDone: number;
  readonly durationMs: number;
  readonly report: Report;
}

/** Small, so that a bug shows within a minute. */
const rig: RigShape = { edges: 2, workers: 2, couriers: 0, shards: 8 };
const traffic: TrafficShape = {
  users: 6,
  chats: 16,
  membersPerChat: 3,
  devices: 1,
  senders: 6,
  lanesPerSender: 4,
  commandsPerSecond: 200,
};
const answerMs = 6_000;

/** Runs a plant with the seed that catches it, or another. */
export async function tryPlant(
  plant: Plant,
  options: { readonly seed: number; readonly keep: boolean; readonly tell: (line: string) => void },
): Promise<Trial> {
  const { seed } = options;
  const report = await runChaos({
    seed,
    faults: plant.faults,
    only: plant.only,
    ...(plant.deed === undefined ? {} : { deed: plant.deed }),
    rig,
    traffic,
    plant,
    answerMs,
    keep: options.keep,
    tell: options.tell,
  });
  const guilt = guiltOf(report.verdict);
  return {
    plant: plant.name,
    seed,
    caughtBy: guilt.filter((name) => plant.caughtBy.includes(name)),
    besides: guilt.filter((name) => !plant.caughtBy.includes(name)),
    faultsDone: report.faultsDone,
    durationMs: report.durationMs,
    report,
  };
}
