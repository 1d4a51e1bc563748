/** Follows one autoscaler with the processes of one role: reads what it looks at, decides, starts and stops. */
import type { Member, Role } from "../cluster/member.ts";
import type { Rig } from "../cluster/rig.ts";
import type { Sample } from "./gauge.ts";
import { decide, type Reading, type ScalerState, startState } from "./hpa.ts";
import type { Aim, Scaler } from "./manifest.ts";

export interface FleetOptions {
  readonly rig: Rig;
  readonly role: Role & ("edge" | "worker");
  readonly scaler: Scaler;
  /** More than that this machine does not run, whatever the file allows. */
  readonly replicasMax: number;
  /** By metric: how many times smaller than the file's what is here is. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly say: (line: string) => void;
}

export interface Fleet {
  readonly wanted: number;
  /** One round, at this time of the file's clock. */
  step(samples: readonly Sample[], atMs: number): void;
  members(): readonly Member[];
  /** Resolves when all that was begun is done. */
  settle(): Promise<void>;
}

const loop = "rookery_event_loop_utilization";
/** KEDA's query for lateness counts only workers that are busy themselves. */
const busyShare = 0.5;

export function openFleet(options: FleetOptions): Fleet {
  const { rig, role, say } = options;
  const scaler = { ...options.scaler, max: Math.min(options.scaler.max, options.replicasMax) };
  const running: Member[] = [...rig.members(role)];
  const ready = new Set<Member>(running);
  let state: ScalerState = startState;
  let wanted = running.length;
  let busy: Promise<unknown> = Promise.resolve();

  const lead = (): void => {
    if (role !== "edge") return;
    const serving = running.filter((member) => ready.has(member));
    rig.balancer?.lead(serving.map(({ statusUrl }) => Number(new URL(statusUrl).port)));
  };
  const grow = async (): Promise<void> => {
    const names = new Set(running.map(({ index }) => index));
    let index = 0;
    while (names.has(index)) index += 1;
    const member = await rig.extend(role, index);
    running.push(member);
    await member.start();
    ready.add(member);
    lead();
  };
  const shrink = async (): Promise<void> => {
    const member = running.pop();
    if (member === undefined) return;
    ready.delete(member);
    // Endpoints forget it before it is told to end, as preStop sees to.
    lead();
    await member.end();
  };

  return {
    get wanted() {
      return wanted;
    },
    members: () => running,
    step(samples, atMs) {
      const own = samples.filter(({ member }) => member.role === role && ready.has(member));
      if (own.length === 0) return;
      const readings = scaler.aims.map((aim) => read(aim, own, options.sizes[aim.metric] ?? 1));
      const decision = decide(scaler, state, { current: wanted, readings, atMs });
      ({ state } = decision);
      const { replicas } = decision;
      if (replicas === wanted) return;
      const why = scaler.aims.map(({ metric }, index) => {
        const reading = readings[index];
        return `${metric} ${(reading?.kind === "total" ? reading.total : (reading?.value ?? 0)).toPrecision(3)}`;
      });
      say(`${role}s: ${wanted} to ${replicas} (${why.join(", ")})`);
      const change = replicas > wanted ? grow : shrink;
      for (let count = Math.abs(replicas - wanted); count > 0; count -= 1) {
        // One after the other going down, as a cluster with one drain at a time; up together.
        busy = replicas > wanted ? Promise.all([busy, change()]) : busy.then(change);
      }
      wanted = replicas;
    },
    async settle() {
      await busy;
    },
  };
}

function read(aim: Aim, samples: readonly Sample[], size: number): Reading {
  const valuesOf = (from: readonly Sample[]): number[] =>
    from.map(({ values }) => values.get(aim.metric) ?? 0);
  if (aim.kind === "total") {
    return {
      kind: "total",
      total: valuesOf(samples).reduce((sum, each) => sum + each, 0) * size,
      target: aim.target,
    };
  }
  const late = samples.filter(({ values }) => (values.get(loop) ?? 0) > busyShare);
  return { kind: "value", value: Math.max(0, ...valuesOf(late)) * size, target: aim.target };
}
