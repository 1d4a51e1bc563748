import { duration } from "../figure.ts";
import { runWebhooks } from "../webhook/run.ts";
import type { Scenario } from "./scenario.ts";

const deliveriesDefault = 50_000;
const killsDefault = 20;
const chats = 40;
const endpointsPerChat = 5;
const lanes = 16;
const couriersMin = 2;
const seedMax = 1_000_000;

export const webhooks: Scenario = {
  name: "webhooks",
  text: "50,000 deliveries to a receiver that fails in every way, couriers killed: each arrives, in order where that is kept (R9)",
  run: async (options, tell) => {
    const seed = options.seed ?? Math.floor(Math.random() * seedMax);
    const startMs = performance.now();
    const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s`;
    tell(`webhooks, seed ${seed}`);
    const report = await runWebhooks({
      seed,
      messages: Math.ceil((options.trials ?? deliveriesDefault) / endpointsPerChat),
      kills: options.faults ?? killsDefault,
      chats,
      endpointsPerChat,
      lanes,
      rig: { ...options.rig, couriers: Math.max(couriersMin, options.rig.couriers) },
      keep: options.keep,
      tell: (line) => tell(`${seconds()}  ${line}`),
    });
    const { verdict, figures, isClean } = report;
    const lines = Object.entries({ ...verdict, ...figures }).map(
      ([name, value]) => `${name.padEnd(34)} ${value}`,
    );
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ seed, ...report })}\n`
        : `\nseed ${seed}, ${duration(performance.now() - startMs)}\n${lines.join("\n")}\n${isClean ? "holds" : "DOES NOT HOLD"}\n`,
    );
    return isClean ? 0 : 1;
  },
};
