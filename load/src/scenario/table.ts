/** `load/results/README.md`: one table of all that is kept beside it. `all` measures every goal first, in short rounds. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Figure, short } from "../figure.ts";
import { goals } from "../goals.ts";
import { describeMachine } from "../machine.ts";

const folder = new URL("../../results/", import.meta.url);
const main = fileURLToPath(new URL("../main.ts", import.meta.url));
/** So that all of them end within half an hour. */
const scenarioMsMax = 5 * 60_000;

export const tableUsage = `npm run load -- table
  load/results/README.md from what load/results has`;

export const allUsage = `npm run load -- all [scenario …]
  every goal's scenario in short rounds (or those named), then the table; under half an hour on a machine of its own`;

interface Result {
  readonly at: string;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly shape?: Readonly<Record<string, unknown>>;
  /** Those kept by an earlier form of a scenario have none. */
  readonly figures?: readonly Figure[];
  readonly faults?: readonly unknown[];
}

/** @returns the exit code: 1 when a scenario has failed. */
export async function runAll(names: readonly string[]): Promise<number> {
  const known = new Set(await knownScenarios());
  const failed: string[] = [];
  for (const { scenario, short: flags } of goals) {
    if (!known.has(scenario) || (names.length > 0 && !names.includes(scenario))) continue;
    process.stderr.write(`== ${scenario} ${flags.join(" ")}\n`);
    const child = spawn(process.execPath, [main, scenario, ...flags], { stdio: "inherit" });
    // Asked to end, it ends its cluster too.
    const timer = setTimeout(() => child.kill("SIGINT"), scenarioMsMax);
    const [code] = (await once(child, "exit")) as [number | null];
    clearTimeout(timer);
    if (code !== 0) failed.push(scenario);
  }
  await runTable();
  if (failed.length > 0) process.stderr.write(`failed: ${failed.join(", ")}\n`);
  return failed.length === 0 ? 0 : 1;
}

async function knownScenarios(): Promise<readonly string[]> {
  const text = await readFile(main, "utf8");
  return [...text.matchAll(/^ {2}"?([a-z-]+)"?: \{ run/gm)].map(([, name = ""]) => name);
}

/** @returns the exit code. */
export async function runTable(): Promise<number> {
  const lines: string[] = [
    "# Results",
    "",
    "Made by `npm run load -- table` from the files beside it; `npm run load -- all` measures them first. Ratios are ours over the",
    "control's, round by round in one run: median, and the worst round. Absolute times are the machine's, and whoever shares it.",
    "Where the time goes, and what was tried: [PROFILE.md](PROFILE.md).",
    "",
  ];
  const machines = new Map<string, string>();
  const rows: string[] = [];
  for (const goal of goals) {
    const { id, what, scenario, first, later, limit } = goal;
    const result = await readResult(scenario);
    const command = `\`npm run load -- ${scenario}\``;
    rows.push(
      `## ${id}: ${what}`,
      "",
      `${command}. First: ${first}. Then: ${later}. What limits it: ${limit}.`,
      "",
    );
    if (result === null) rows.push("Not measured here yet.", "");
    else rows.push(...showResult(result), "");
    if (result !== null) machines.set(scenario, describe(result));
  }
  lines.push(
    "| scenario | measured | machine |",
    "|---|---|---|",
    ...[...machines].map(([scenario, machine]) => `| ${scenario} | ${machine} |`),
    "",
    ...rows,
  );
  await writeFile(new URL("README.md", folder), `${lines.join("\n").trimEnd()}\n`);
  return 0;
}

async function readResult(scenario: string): Promise<Result | null> {
  const text = await readFile(new URL(`${scenario}.json`, folder), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as Result);
}

function describe({ at, machine }: Result): string {
  const now = describeMachine() as Readonly<Record<string, unknown>>;
  const { cpu, cores, memoryGiB, kernel, node } = { ...now, ...machine };
  const load = machine["loadAverage5Minutes"];
  return `${at.slice(0, 16).replace("T", " ")} | ${String(cpu)}, ${String(cores)} cores, ${String(memoryGiB)} GiB, Linux ${String(kernel)}, Node ${String(node)}; load ${String(load)}`;
}

function showResult({ figures, faults = [], shape = {} }: Result): string[] {
  if (figures === undefined) return ["Measured in an earlier form, which this table does not read."];
  const flags = Object.entries(shape).map(([name, value]) => `--${name} ${String(value)}`);
  return [
    `Measured with \`${flags.join(" ")}\`.`,
    "",
    "| | unit | median | worst | control | its median | ratio | worst |",
    "|---|---|---|---|---|---|---|---|",
    ...figures.map(
      ({ about, unit, median, worst, control, ratio }) =>
        `| ${about} | ${unit} | ${short(median)} | ${short(worst)} | ${control?.about ?? ""} | ${control === undefined ? "" : short(control.median)} | ${ratio === undefined ? "" : `**${ratio.median.toFixed(2)}**`} | ${ratio === undefined ? "" : ratio.worst.toFixed(2)} |`,
    ),
    ...(faults.length === 0
      ? []
      : ["", `${faults.length} faults: ${faults.slice(0, 3).map(String).join("; ")}`]),
  ];
}
