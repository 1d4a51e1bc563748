/** What a run says at its end. */
import { duration, percentile } from "../figure.ts";
import { type CounterName, counters, guiltOf, type Verdict } from "../journal/tally.ts";
import type { Figures } from "./figures.ts";

export interface Report {
  readonly seed: number;
  readonly plant: string | null;
  readonly isClean: boolean;
  readonly verdict: Verdict;
  readonly figures: Figures;
  readonly faultsDone: number;
  readonly durationMs: number;
  /** Kept when the run is not clean. */
  readonly runDir: string | null;
}

/** The table of a run, for people. */
export function describeReport(report: Report): string {
  const { verdict, figures } = report;
  const names = Object.keys(counters) as CounterName[];
  const lines = names.map(
    (name) => `  ${name.padEnd(12)} ${String(verdict[name].count).padStart(6)}   ${counters[name]}`,
  );
  const examples = guiltOf(verdict).flatMap((name) =>
    verdict[name].examples.map((example) => `  ${name}: ${example}`),
  );
  const faults = Object.entries(figures.faults).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [
    "",
    `seed ${report.seed}, ${report.faultsDone} faults, ${duration(report.durationMs)}`,
    ...lines,
    ...(examples.length === 0 ? [] : ["", "examples", ...examples]),
    "",
    `faults     ${faults.map(([name, count]) => `${name} ${count}`).join(", ") || "none"}`,
    `messages   ${figures.messages} acked; ack p50 ${duration(figures.ackMs.p50)}, p99 ${duration(figures.ackMs.p99)}`,
    `changes    ${Object.entries(figures.changes)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
    `silence    longest ${duration(figures.silenceMs)} without any ack, ${duration(figures.waitMsMax)} for one`,
    ...takeoverLines(figures),
    ...(figures.exits.length === 0 ? [] : [`unasked    ${figures.exits.join(", ")}`]),
    ...(report.runDir === null ? [] : [`kept       ${report.runDir}`]),
    report.isClean ? "clean" : `NOT CLEAN: ${guiltOf(verdict).join(", ")}`,
    "",
  ].join("\n");
}

function takeoverLines({ takeovers }: Figures): string[] {
  const kinds = [...new Set(takeovers.map((each) => each.fault))].toSorted();
  return kinds.map((kind) => {
    const times = takeovers.filter((each) => each.fault === kind);
    const chatMs = times.flatMap((each) => each.chatMs);
    const [p50, p99] = [duration(percentile(chatMs, 0.5)), duration(percentile(chatMs, 0.99))];
    return `takeover   ${kind}: first new ack p50 ${p50}, p99 ${p99} (${chatMs.length} chats, ${times.length} times)`;
  });
}
