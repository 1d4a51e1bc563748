import type { Options } from "../options.ts";
import { describeReport, type Report } from "../run/report.ts";
import { type Hands, runStaged, type StagedRunOptions } from "../run/staged-run.ts";

export type Tell = (line: string) => void;

/** A question with a figure for an answer. */
export interface Scenario {
  readonly name: string;
  readonly text: string;
  /** @returns the exit code: 0 when what it promises holds. */
  readonly run: (options: Options, tell: Tell) => Promise<number>;
}

/** What a scenario adds to the verdict. */
export interface Answer {
  readonly figures: Readonly<Record<string, string | number>>;
  /** Whether the figures are what was promised. */
  readonly holds: boolean;
}

export type StageChange = Partial<Pick<StagedRunOptions, "rig" | "traffic" | "directClients" | "balanced">>;

const seedMax = 1_000_000;

/** Runs a scenario on a stage, prints its figures below the table of the run. @returns the exit code */
export async function runScenario(
  options: Options,
  tell: Tell,
  stage: StageChange & { readonly name: string; readonly runMsMax: number },
  act: (hands: Hands) => Promise<Answer>,
): Promise<number> {
  let answer: Answer | undefined;
  const seed = options.seed ?? Math.floor(Math.random() * seedMax);
  tell(`${stage.name}, seed ${seed}`);
  const report = await runStaged(
    { rig: options.rig, traffic: options.traffic, keep: options.keep, seed, tell, ...stage },
    async (hands) => {
      answer = await act(hands);
    },
  );
  const holds = report.isClean && answer?.holds === true;
  process.stdout.write(
    options.json ? `${JSON.stringify({ ...report, ...answer })}\n` : describe(report, answer, holds),
  );
  return holds ? 0 : 1;
}

function describe(report: Report, answer: Answer | undefined, holds: boolean): string {
  const figures = Object.entries(answer?.figures ?? {});
  const lines = figures.map(([name, value]) => `${name.padEnd(34)} ${value}`);
  return `${describeReport(report)}${lines.join("\n")}\n${holds ? "holds" : "DOES NOT HOLD"}\n`;
}
