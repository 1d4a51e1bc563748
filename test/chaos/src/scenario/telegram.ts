import { runTelegram } from "../telegram/run.ts";
import { reportRun } from "./report.ts";
import type { Scenario } from "./scenario.ts";

const updatesDefault = 10_000;
const killsDefault = 20;
const chats = 500;
const bots = 5;
/** Said a second: less than the bots may answer together. */
const rate = 100;
const couriersMin = 2;

export const telegram: Scenario = {
  name: "telegram",
  text: "10,000 updates of 500 chats and 5 bots while everything is killed: each once, in order, answered (R9)",
  run: (options, tell) =>
    reportRun(
      "telegram",
      { options, tell },
      (seed, progress) =>
        runTelegram({
          seed,
          updates: options.trials ?? updatesDefault,
          kills: options.faults ?? killsDefault,
          chats,
          bots,
          rate,
          rig: { ...options.rig, couriers: Math.max(couriersMin, options.rig.couriers) },
          keep: options.keep,
          tell: progress,
        }),
      ({ verdict }) => ({ ...verdict }),
    ),
};
