import { runBotApi } from "../bot-api/run.ts";
import { reportRun } from "./report.ts";
import type { Scenario } from "./scenario.ts";

const updatesDefault = 5_000;
const killsDefault = 50;
const people = 200;
/** Said a second: what a machine of two cores does beside starting processes again. */
const rate = 20;
const couriersMin = 2;

export const botApi: Scenario = {
  name: "bot-api",
  text: "two bots of the cluster's own, asking and posted to, 200 people, 50 kills: each update once, in order, answered",
  run: (options, tell) =>
    reportRun(
      "bot-api",
      { options, tell },
      (seed, progress) =>
        runBotApi({
          seed,
          people,
          updates: options.trials ?? updatesDefault,
          kills: options.faults ?? killsDefault,
          rate,
          rig: { ...options.rig, couriers: Math.max(couriersMin, options.rig.couriers) },
          keep: options.keep,
          tell: progress,
        }),
      ({ verdicts }) =>
        Object.fromEntries(
          Object.entries(verdicts).flatMap(([mode, verdict]) =>
            Object.entries(verdict).map(([what, count]) => [`${mode}: ${what}`, count] as const),
          ),
        ),
    ),
};
