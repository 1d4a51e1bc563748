import { duration } from "../figure.ts";
import { runTelegram } from "../telegram/run.ts";
import type { Scenario } from "./scenario.ts";

const updatesDefault = 10_000;
const killsDefault = 20;
const chats = 500;
const bots = 5;
/** Said a second: less than the bots may answer together. */
const rate = 100;
const couriersMin = 2;
const seedMax = 1_000_000;

export const telegram: Scenario = {
  name: "telegram",
  text: "10,000 updates of 500 chats and 5 bots while everything is killed: each once, in order, answered (R9)",
  run: async (options, tell) => {
    const seed = options.seed ?? Math.floor(Math.random() * seedMax);
    const startMs = performance.now();
    const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s`;
    tell(`telegram, seed ${seed}`);
    const report = await runTelegram({
      seed,
      updates: options.trials ?? updatesDefault,
      kills: options.faults ?? killsDefault,
      chats,
      bots,
      rate,
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
