#!/usr/bin/env node
import { ConfigError } from "@rookery/runtime";
import { runControl } from "./scenario/control.ts";
import { runSmoke, smokeUsage } from "./scenario/smoke.ts";

const scenarios: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  smoke: runSmoke,
  // Serves the comparison; started by the scenarios themselves.
  control: runControl,
};

const [name = "", ...args] = process.argv.slice(2);
const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
if (scenario === undefined || args.includes("--help")) {
  process.stderr.write(`${smokeUsage}\n`);
  process.exitCode = args.includes("--help") ? 0 : 1;
} else {
  try {
    process.exitCode = await scenario(args);
  } catch (error) {
    const isRefusal = error instanceof ConfigError || error instanceof TypeError;
    process.stderr.write(`${isRefusal ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = 1;
  }
}
