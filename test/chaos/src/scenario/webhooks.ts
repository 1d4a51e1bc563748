import { runWebhooks } from "../webhook/run.ts";
import { reportRun } from "./report.ts";
import type { Scenario } from "./scenario.ts";

const deliveriesDefault = 50_000;
const killsDefault = 20;
const chats = 40;
const endpointsPerChat = 5;
const lanes = 16;
const couriersMin = 2;

export const webhooks: Scenario = {
  name: "webhooks",
  text: "50,000 deliveries to a receiver that fails in every way, couriers killed: each arrives, in order where that is kept (R9)",
  run: (options, tell) =>
    reportRun(
      "webhooks",
      { options, tell },
      (seed, progress) =>
        runWebhooks({
          seed,
          messages: Math.ceil((options.trials ?? deliveriesDefault) / endpointsPerChat),
          kills: options.faults ?? killsDefault,
          chats,
          endpointsPerChat,
          lanes,
          rig: { ...options.rig, couriers: Math.max(couriersMin, options.rig.couriers) },
          keep: options.keep,
          tell: progress,
        }),
      ({ verdict }) => ({ ...verdict }),
    ),
};
