/** What a run of `telegram` has found. */
import type { UpdatePhase } from "../post-updates.ts";

export interface TelegramRound {
  readonly target: string;
  readonly load: string;
  readonly round: number;
  readonly phase: UpdatePhase;
  /** CPU seconds of the round, by role. */
  readonly usage: Readonly<Record<string, number>>;
}

interface TelegramReport {
  readonly rounds: readonly TelegramRound[];
  readonly faults: readonly string[];
}

export function asTable({ rounds, faults }: TelegramReport): string {
  const head =
    "round                  updates  updates/s   answer p50      p99    frame p50      p99      max   (ms)";
  const lines = rounds.map(({ target, load, round, phase }) =>
    [
      `${target} ${load} ${round}`.padEnd(20),
      String(phase.updates).padStart(10),
      phase.updatesPerSecond.toFixed(0).padStart(11),
      `     ${ms(phase.answers.p50Ms)} ${ms(phase.answers.p99Ms)}`,
      `     ${ms(phase.frames.p50Ms)} ${ms(phase.frames.p99Ms)} ${ms(phase.frames.maxMs)}`,
    ].join(""),
  );
  const byLoad = Map.groupBy(rounds, ({ target, load }) => `${target} ${load}`);
  const summary = [...byLoad].map(([name, of]) => {
    const p50s = of.map(({ phase }) => phase.frames.p50Ms);
    const p99s = of.map(({ phase }) => phase.frames.p99Ms);
    const rates = of.map(({ phase }) => phase.updatesPerSecond);
    return `${name}: ${median(rates).toFixed(0)} updates/s (worst ${Math.min(...rates).toFixed(0)}); frame p50 ${median(p50s).toFixed(1)} ms, p99 ${median(p99s).toFixed(1)} ms (worst ${Math.max(...p99s).toFixed(1)})`;
  });
  const usage = rounds.map(
    ({ target, load, round, usage: seconds }) =>
      `${`${target} ${load} ${round}`.padEnd(20)} ${Object.entries(seconds)
        .filter(([, used]) => used > 0)
        .map(([role, used]) => `${role} ${used.toFixed(1)}`)
        .join(", ")}`,
  );
  const verdict =
    faults.length === 0
      ? "every update answered 200 and delivered on another edge, once and in the order of its chat"
      : `${faults.length} faults:\n  ${faults.join("\n  ")}`;
  return `${[head, ...lines, "", "medians of rounds", ...summary, "", "CPU seconds", ...usage, "", verdict].join("\n")}\n`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function ms(value: number): string {
  return value.toFixed(1).padStart(8);
}
