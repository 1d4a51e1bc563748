/** Start (P10): from `npm start` on an empty folder to its ready lines, with every server's first start in it. */
import { startCluster } from "@rookery/kit";
import { figureOf } from "../figure.ts";
import { commonUsage, readFlags } from "../flags.ts";
import { createProgress } from "../progress.ts";
import { report } from "../result.ts";

export const startUsage = `npm run load -- start [flags]
  --rounds 5       starts, each on an empty folder; packages are there already
${commonUsage}`;

/** @returns the exit code. @throws ConfigError */
export async function runStart(args: readonly string[]): Promise<number> {
  const config = readFlags(args, { rounds: [5, 100] });
  const tell = createProgress();
  const rounds: { readonly ours: number }[] = [];
  for (let round = 1; round <= config.rounds; round++) {
    const startMs = performance.now();
    const cluster = await startCluster({ via: "npm" });
    const seconds = (performance.now() - startMs) / 1_000;
    await cluster.close();
    tell(`round ${round}: ready after ${seconds.toFixed(1)} s`, true);
    rounds.push({ ours: seconds });
  }
  const figure = figureOf({ goal: "P10", about: "npm start to ready", unit: "s", better: "less" }, rounds);
  return await report("start", config, { figures: [figure], rounds, faults: [] });
}
