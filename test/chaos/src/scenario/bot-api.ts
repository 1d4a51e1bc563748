import { runBotApi } from "../bot-api/run.ts";
import { duration } from "../figure.ts";
import type { Scenario } from "./scenario.ts";

const updatesDefault = 5_000;
const killsDefault = 50;
const people = 200;
/** Said a second: what a machine of two cores does beside starting processes again. */
const rate = 20;
const couriersMin = 2;
const seedMax = 1_000_000;

export const botApi: Scenario = {
  name: "bot-api",
  text: "two bots of the cluster's own, asking and posted to, 200 people, 50 kills: each update once, in order, answered",
  run: async (options, tell) => {
    const seed = options.seed ?? Math.floor(Math.random() * seedMax);
    const startMs = performance.now();
    const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s`;
    tell(`bot-api, seed ${seed}`);
    const report = await runBotApi({
      seed,
      people,
      updates: options.trials ?? updatesDefault,
      kills: options.faults ?? killsDefault,
      rate,
      rig: { ...options.rig, couriers: Math.max(couriersMin, options.rig.couriers) },
      keep: options.keep,
      tell: (line) => tell(`${seconds()}  ${line}`),
    });
    const { verdicts, figures, isClean } = report;
    const found = Object.entries(verdicts).flatMap(([mode, verdict]) =>
      Object.entries(verdict).map(([name, count]) => [`${mode}: ${name}`, count] as const),
    );
    const lines = [...found, ...Object.entries(figures)].map(
      ([name, value]) => `${name.padEnd(40)} ${value}`,
    );
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ seed, ...report })}\n`
        : `\nseed ${seed}, ${duration(performance.now() - startMs)}\n${lines.join("\n")}\n${isClean ? "holds" : "DOES NOT HOLD"}\n`,
    );
    return isClean ? 0 : 1;
  },
};
