/** What a run of `webhooks` has found. */
import type { Percentiles } from "../histogram.ts";
import { median } from "./telegram-report.ts";

export interface WebhookRound {
  readonly target: string;
  readonly load: string;
  readonly round: number;
  readonly deliveries: number;
  /** Until all had come and were written as delivered. */
  readonly seconds: number;
  readonly perSecond: number;
  /** From the event to the first attempt at its receiver. */
  readonly first: Percentiles;
  readonly repeated: number;
  /** Requests of the one more endpoint. */
  readonly apart: number;
  readonly lost: number;
  /** CPU seconds of the round, by role. */
  readonly usage: Readonly<Record<string, number>>;
}

interface WebhooksReport {
  readonly rounds: readonly WebhookRound[];
  readonly faults: readonly string[];
}

export function asWebhookTable({ rounds, faults }: WebhooksReport): string {
  const head =
    "round                deliveries        /s   first p50       p99       max (ms)  repeated  CPU seconds";
  const lines = rounds.map(({ target, load, round, deliveries, perSecond, first, repeated, usage }) =>
    [
      `${target} ${load} ${round}`.padEnd(20),
      String(deliveries).padStart(11),
      perSecond.toFixed(0).padStart(10),
      [first.p50Ms, first.p99Ms, first.maxMs].map((ms) => ms.toFixed(0).padStart(10)).join(""),
      String(repeated).padStart(15),
      `  ${Object.entries(usage)
        .filter(([, seconds]) => seconds >= 0.1)
        .map(([role, seconds]) => `${role} ${seconds.toFixed(1)}`)
        .join(", ")}`,
    ].join(""),
  );
  const p99sOf = (target: string, load: string): number[] => figuresOf(rounds, target, load, "p99");
  const ratesOf = (target: string): number[] => figuresOf(rounds, target, "most", "rate");
  const ratios = (ours: readonly number[], theirs: readonly number[]): number[] =>
    ours.map((figure, index) => figure / Math.max(1, theirs[index] ?? 0));
  const summary = [
    tellRatio(
      "as quickly as it goes, of bare undici",
      ratios(ratesOf("rookery"), ratesOf("undici")),
      "least",
    ),
    tellRatio(
      "p99 with one that hangs, of p99 without",
      ratios(p99sOf("rookery", "one hangs"), p99sOf("rookery", "steady")),
      "most",
    ),
  ].flat();
  const verdict =
    faults.length === 0
      ? "every delivery came and was written"
      : `${faults.length} faults:\n  ${faults.join("\n  ")}`;
  return `${[head, ...lines, "", ...summary, verdict].join("\n")}\n`;
}

function figuresOf(
  rounds: readonly WebhookRound[],
  target: string,
  load: string,
  figure: "p99" | "rate",
): number[] {
  return rounds
    .filter((each) => each.target === target && each.load === load)
    .map(({ perSecond, first }) => (figure === "rate" ? perSecond : first.p99Ms));
}

/** Round by round, since the machine's other work changes from one to the next. */
function tellRatio(name: string, ratios: readonly number[], worst: "least" | "most"): string[] {
  if (ratios.length === 0) return [];
  const extreme = worst === "least" ? Math.min(...ratios) : Math.max(...ratios);
  return [`${name}: median ${median(ratios).toFixed(2)}, worst ${extreme.toFixed(2)}`];
}
