/** Rounds of A and B in turn: what disturbs the machine for a while disturbs both. */
import type { Pace, PhaseReport } from "./drive.ts";
import type { GeneratorProcess } from "./generator/generator-process.ts";
import { readUsage } from "./process-usage.ts";

export interface Target {
  readonly name: string;
  readonly generator: Pick<GeneratorProcess, "drive" | "storm">;
  /** By role; asked at each round, since processes may be replaced. */
  readonly pids: () => Readonly<Record<string, readonly number[]>>;
}

export interface Turn {
  readonly target: string;
  readonly round: number;
  readonly report: PhaseReport;
  /** CPU seconds of the round and resident bytes at its end, by role. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly rssBytes: Readonly<Record<string, number>>;
}

/** One target's turn, with what its processes used meanwhile. */
export async function takeTurn(
  { name, generator, pids }: Target,
  round: number,
  phase: { readonly name: string; readonly messages: number; readonly pace: Pace; readonly chats?: Chosen },
): Promise<Turn> {
  const before = await usageOf(pids());
  const report = await generator.drive(phase.name, phase.messages, phase.pace, phase.chats);
  const after = await usageOf(pids());
  const cpuSeconds = Object.fromEntries(
    Object.entries(after).map(([role, usage]) => [role, usage.cpuSeconds - (before[role]?.cpuSeconds ?? 0)]),
  );
  const rssBytes = Object.fromEntries(Object.entries(after).map(([role, usage]) => [role, usage.rssBytes]));
  return { target: name, round, report, cpuSeconds, rssBytes };
}

/** From and to, of the chats a phase goes to. */
export type Chosen = readonly [from: number, to: number];

export type RoleUsage = Record<string, { readonly cpuSeconds: number; readonly rssBytes: number }>;

export async function usageOf(pids: Readonly<Record<string, readonly number[]>>): Promise<RoleUsage> {
  const entries = Object.entries(pids).map(async ([role, list]) => {
    const usages = await Promise.all(list.map(readUsage));
    const cpuSeconds = usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0);
    const rssBytes = usages.reduce((sum, usage) => sum + usage.rssBytes, 0);
    return [role, { cpuSeconds, rssBytes }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** CPU seconds by role; since `before`, where that is given. */
export async function cpuOf(
  pids: Readonly<Record<string, readonly number[]>>,
  before: Readonly<Record<string, number>> = {},
): Promise<Readonly<Record<string, number>>> {
  return Object.fromEntries(
    Object.entries(await usageOf(pids)).map(([role, { cpuSeconds }]) => [
      role,
      Number((cpuSeconds - (before[role] ?? 0)).toFixed(2)),
    ]),
  );
}

/** Of all but those who generate the load. */
export function clusterSeconds(cpuSeconds: Readonly<Record<string, number>>): number {
  return Object.entries(cpuSeconds).reduce(
    (sum, [role, each]) => (role === "generator" ? sum : sum + each),
    0,
  );
}

export function faultsOf(turns: readonly Turn[]): string[] {
  return turns.flatMap(({ target, round, report }) =>
    report.faultCount === 0 ? [] : [`${target} ${round}: ${report.faultCount} faults`, ...report.faults],
  );
}
