import { ConfigError } from "@rookery/runtime";
import type { Options } from "../options.ts";

/** A question with a figure for an answer. */
export interface Scenario {
  readonly name: string;
  /** @returns the exit code: 0 when what it promises holds. */
  readonly run: (options: Options, tell: (line: string) => void) => Promise<number>;
}

const scenarios: readonly Scenario[] = [];

/** @throws ConfigError naming those there are. */
export function findScenario(name: string): Scenario {
  const found = scenarios.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new ConfigError(`there is no scenario "${name}": ${scenarios.map((each) => each.name).join(", ")}`);
}
