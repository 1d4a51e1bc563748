/** What `npm run chaos` does. */
import { rm } from "node:fs/promises";
import { ConfigError } from "@rookery/runtime";
import { duration } from "./figure.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { findPlant, type Plant, plants } from "./plant/plants.ts";
import { type Trial, tryPlant } from "./plant/trial.ts";
import { runChaos } from "./run/chaos.ts";
import { describeReport } from "./run/report.ts";
import { findScenario } from "./scenario/scenarios.ts";

const faultsDefault = 20;
const seedMax = 1_000_000;
const triesMax = 3;

/** @returns the exit code: 0 when everything that was asked for holds. */
export async function runCommand(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    switch (options.mode.kind) {
      case "help":
        process.stdout.write(usage);
        return 0;
      case "run":
        return await runOnce(options);
      case "plant":
        return await runPlants(options, [options.mode.name]);
      case "plants":
        return await runPlants(
          options,
          plants.map(({ name }) => name),
        );
      case "scenario":
        return await findScenario(options.mode.name).run(options, tell);
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 1;
  }
}

async function runOnce(options: Options): Promise<number> {
  const report = await runChaos({
    ...options,
    seed: options.seed ?? Math.floor(Math.random() * seedMax),
    faults: options.faults ?? faultsDefault,
    tell,
  });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describeReport(report));
  return report.isClean ? 0 : 1;
}

async function runPlants(options: Options, names: readonly string[]): Promise<number> {
  const trials: Trial[] = [];
  for (const plant of names.map(findPlant)) {
    tell(`\n${plant.name}: ${plant.text}`);
    const trial = await tryUntilCaught(plant, options);
    trials.push(trial);
    // What a plant breaks is no failure of ours to be looked into.
    if (trial.caughtBy.length > 0 && !options.keep && trial.report.runDir !== null) {
      await rm(trial.report.runDir, { recursive: true, force: true });
    }
    tell(describeTrial(trial));
  }
  const caught = trials.filter((trial) => trial.caughtBy.length > 0);
  process.stdout.write(
    options.json
      ? `${JSON.stringify(trials)}\n`
      : `\n${trials.map(describeTrial).join("\n")}\n${caught.length} of ${trials.length} planted bugs caught\n`,
  );
  return caught.length === trials.length ? 0 : 1;
}

/** A plan says what is done, not when the cluster is hit by it: some bugs need the right moment, and so another seed. */
async function tryUntilCaught(plant: Plant, { seed = plant.seed, keep }: Options): Promise<Trial> {
  for (let tries = 1; ; tries += 1) {
    const trial = await tryPlant(plant, { seed: seed + tries - 1, keep, tell });
    if (trial.caughtBy.length > 0 || tries === triesMax) return trial;
    tell(describeTrial(trial));
  }
}

function describeTrial({ plant, seed, caughtBy, besides, faultsDone, durationMs }: Trial): string {
  const by = caughtBy.length === 0 ? "NOT CAUGHT" : `caught by ${caughtBy.join(", ")}`;
  const also = besides.length === 0 ? "" : ` (and ${besides.join(", ")})`;
  return `${plant.padEnd(22)} seed ${seed}, ${faultsDone} faults, ${duration(durationMs)}: ${by}${also}`;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
