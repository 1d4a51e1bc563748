/** What a run of `sockets` has found. */
import type { PhaseReport } from "../drive.ts";
import type { Percentiles } from "../histogram.ts";
import type { Weight } from "../memory.ts";
import type { Usage } from "../process-usage.ts";

export interface SocketsReport {
  readonly sockets: number;
  readonly chats: number;
  readonly opened: readonly Opened[];
  readonly idle: readonly IdleMemory[];
  readonly rounds: readonly Round[];
  /** What must not be; empty when all is well. */
  readonly faults: readonly string[];
}

export interface Opened {
  readonly target: string;
  readonly socketsPerSecond: number;
  /** From the first connect to the last Hello. */
  readonly allMs: number;
  readonly hellos: Percentiles;
}

export interface IdleMemory {
  readonly target: string;
  readonly empty: Weight;
  readonly full: Weight;
  /** Growth over the empty server, both without garbage; and with what V8 leaves lying about when full. */
  readonly bytesPerSocket: number;
  readonly bytesPerSocketAtRest: number;
}

export interface Round {
  readonly target: string;
  readonly round: number;
  readonly report: PhaseReport;
  /** By process; CPU is that of the round, memory as of its end. */
  readonly usage: Readonly<Record<string, Usage>>;
}

export function asTable({ sockets, chats, opened, idle, rounds, faults }: SocketsReport): string {
  return [
    `${sockets} sockets, ${chats} chats`,
    "",
    "opening          sockets/s   all open   Hello p50      p99   (ms)",
    ...opened.map(
      ({ target, socketsPerSecond, allMs, hellos }) =>
        `${target.padEnd(16)} ${socketsPerSecond.toFixed(0).padStart(9)} ${ms(allMs)}   ${ms(hellos.p50Ms)} ${ms(hellos.p99Ms)}`,
    ),
    "",
    "idle             empty MB    full MB    bytes a socket   not collected",
    ...idle.map(
      ({ target, empty, full, bytesPerSocket, bytesPerSocketAtRest }) =>
        `${target.padEnd(16)} ${mega(empty.collectedBytes)}   ${mega(full.collectedBytes)}  ${bytesPerSocket.toFixed(0).padStart(16)}${bytesPerSocketAtRest.toFixed(0).padStart(16)}`,
    ),
    "",
    "round                acked  delivered     of due   ack p50      p99    deliv p50      p99   (ms)",
    ...rounds.map(({ target, round, report }) =>
      [
        `${target} ${round}`.padEnd(16),
        String(report.acks.count).padStart(10),
        String(report.deliveries.count).padStart(11),
        String(report.deliveriesDue).padStart(11),
        `  ${ms(report.acks.p50Ms)} ${ms(report.acks.p99Ms)}`,
        `     ${ms(report.deliveries.p50Ms)} ${ms(report.deliveries.p99Ms)}`,
      ].join(""),
    ),
    "",
    "CPU seconds, RSS in MB",
    ...rounds.map(
      ({ target, round, usage }) =>
        `${`${target} ${round}`.padEnd(16)} ${Object.entries(usage)
          .map(
            ([name, { cpuSeconds, rssBytes }]) =>
              `${name} ${cpuSeconds.toFixed(1)} s ${(rssBytes / 1e6).toFixed(0)}`,
          )
          .join(", ")}`,
    ),
    "",
    faults.length === 0
      ? "every message acked once, delivered to every reader once and in order; no socket lost"
      : `${faults.length} faults:\n  ${faults.join("\n  ")}`,
    "",
  ].join("\n");
}

function ms(value: number): string {
  return value.toFixed(1).padStart(8);
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1).padStart(8);
}
