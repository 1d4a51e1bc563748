import { duration } from "../figure.ts";
import type { Options } from "../options.ts";
import type { Tell } from "./scenario.ts";

const seedMax = 1_000_000;
const nameWidth = 40;

/** What a run comes to: counts of what must not be, by name, and what was seen besides. */
interface Counted {
  readonly figures: Readonly<Record<string, number>>;
  readonly isClean: boolean;
}

/**
 * Runs something that is planned by a seed and tells what came of it: progress with its time, in the end every count.
 * @returns the exit code.
 */
export async function reportRun<Report extends Counted>(
  name: string,
  { options, tell }: { readonly options: Options; readonly tell: Tell },
  run: (seed: number, tell: Tell) => Promise<Report>,
  countsOf: (report: Report) => Readonly<Record<string, number>>,
): Promise<number> {
  const seed = options.seed ?? Math.floor(Math.random() * seedMax);
  const startMs = performance.now();
  const seconds = (): string => `${((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)} s`;
  tell(`${name}, seed ${seed}`);
  const report = await run(seed, (line) => tell(`${seconds()}  ${line}`));
  const { figures, isClean } = report;
  const lines = Object.entries({ ...countsOf(report), ...figures }).map(
    ([what, value]) => `${what.padEnd(nameWidth)} ${value}`,
  );
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ seed, ...report })}\n`
      : `\nseed ${seed}, ${duration(performance.now() - startMs)}\n${lines.join("\n")}\n${isClean ? "holds" : "DOES NOT HOLD"}\n`,
  );
  return isClean ? 0 : 1;
}
