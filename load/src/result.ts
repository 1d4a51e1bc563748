/** Where the figures of a scenario are kept: `load/results/<scenario>.json`, with what they were measured on. */
import { mkdir, writeFile } from "node:fs/promises";
import { asFigureTable, type Figure } from "./figure.ts";
import type { CommonFlags } from "./flags.ts";
import { describeMachine } from "./machine.ts";

const folder = new URL("../results/", import.meta.url);

export async function saveResult(scenario: string, result: object): Promise<void> {
  await mkdir(folder, { recursive: true });
  const whole = { scenario, at: new Date().toISOString(), machine: describeMachine(), ...result };
  await writeFile(new URL(`${scenario}.json`, folder), `${JSON.stringify(whole, null, 2)}\n`);
}

/** Keeps and shows what a scenario has found. @returns the exit code: 1 when any check failed. */
export async function report(
  scenario: string,
  config: CommonFlags,
  found: {
    readonly figures: readonly Figure[];
    readonly faults: readonly string[];
    readonly rounds?: unknown;
  },
): Promise<number> {
  const { save, asJson } = config;
  const shape = { ...config, profileDir: undefined, save: undefined, asJson: undefined };
  const result = { shape, ...found };
  if (save) await saveResult(scenario, result);
  const verdict =
    found.faults.length === 0
      ? "no fault"
      : `${found.faults.length} faults:\n  ${found.faults.slice(0, faultsShownMax).join("\n  ")}`;
  process.stdout.write(
    asJson ? `${JSON.stringify(result)}\n` : `${asFigureTable(found.figures)}\n\n${verdict}\n`,
  );
  return found.faults.length === 0 ? 0 : 1;
}

const faultsShownMax = 20;
