/** Where the figures of a scenario are kept: `load/results/<scenario>.json`, with what they were measured on. */
import { mkdir, writeFile } from "node:fs/promises";
import { describeMachine } from "./machine.ts";

const folder = new URL("../results/", import.meta.url);

export async function saveResult(scenario: string, result: object): Promise<void> {
  await mkdir(folder, { recursive: true });
  const whole = { scenario, at: new Date().toISOString(), machine: describeMachine(), ...result };
  await writeFile(new URL(`${scenario}.json`, folder), `${JSON.stringify(whole, null, 2)}\n`);
}
