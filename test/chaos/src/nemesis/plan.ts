/** What will be done to a cluster, from a seed. Pure: the same seed and shape, the same plan. */
import { openRandom, type Random } from "@rookery/kit";
import { linkNames, type RigShape } from "../cluster/rig.ts";
import { type Deed, type Fault, targetOf } from "./fault.ts";

export interface Step {
  /** At once: one, sometimes two. */
  readonly faults: readonly Fault[];
  /** Peace after they are over. */
  readonly peaceMs: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly faults: number;
  readonly shape: RigShape;
  /** Only these kinds of fault; all when not given. */
  readonly only?: readonly FaultSource[];
  /** Of what is done to processes and servers, only this; all when not given. */
  readonly deed?: Deed;
}

/** Where a fault comes from; the weights say how often. */
export type FaultSource = "worker" | "edge" | "courier" | "part" | "link" | "flush" | "join";

const sources: readonly { readonly name: FaultSource; readonly weight: number }[] = [
  { name: "worker", weight: 30 },
  { name: "edge", weight: 16 },
  { name: "courier", weight: 4 },
  { name: "part", weight: 16 },
  { name: "link", weight: 26 },
  { name: "flush", weight: 3 },
  { name: "join", weight: 5 },
];

const deeds = [
  { name: "kill", weight: 4 },
  { name: "freeze", weight: 4 },
  { name: "restart", weight: 2 },
] as const;

const linkDeeds = [
  { name: "stall", weight: 4 },
  { name: "reset", weight: 3 },
  { name: "halve", weight: 2 },
  { name: "refuse", weight: 2 },
  { name: "delay", weight: 2 },
] as const;

const parts = [
  { name: "postgres", weight: 3 },
  { name: "nats", weight: 4 },
  { name: "redis", weight: 1 },
] as const;

const doubleChance = 0.15;
/** Past detection, which takes 1 s. */
const freezeMs = [2_000, 6_000] as const;
const cutMs = [1_000, 5_000] as const;
const downMs = [0, 1_500] as const;
const peaceMs = [500, 2_500] as const;
const delayMs = [20, 400] as const;
const joinMs = [2_000, 5_000] as const;

export function planFaults({ seed, faults, shape, only, deed }: PlanOptions): Step[] {
  const random = openRandom(seed);
  const open = sources.filter(({ name }) => {
    if (only !== undefined && !only.includes(name)) return false;
    return name !== "courier" || shape.couriers > 0;
  });
  const steps: Step[] = [];
  for (let left = faults; left > 0; ) {
    const first = choose(random, open, shape, deed);
    const chosen = [first];
    if (left > 1 && random.chance(doubleChance)) {
      const second = choose(random, open, shape, deed);
      if (targetOf(second) !== targetOf(first)) chosen.push(second);
    }
    steps.push({ faults: chosen, peaceMs: between(random, peaceMs) });
    left -= chosen.length;
  }
  return steps;
}

function choose(random: Random, open: typeof sources, shape: RigShape, deed: Deed | undefined): Fault {
  const source = random.weigh(open).name;
  switch (source) {
    case "worker":
      return { ...chooseDeed(random, deed), role: source, index: random.integer(0, shape.workers - 1) };
    case "edge":
      return { ...chooseDeed(random, deed), role: source, index: random.integer(0, shape.edges - 1) };
    case "courier":
      return { ...chooseDeed(random, deed), role: source, index: random.integer(0, shape.couriers - 1) };
    case "part":
      return { ...chooseDeed(random, deed), part: random.weigh(parts).name };
    case "link":
      return chooseCut(random, shape);
    case "flush":
      return { kind: "flush", holdMs: 0 };
    case "join":
      return {
        kind: "join",
        index: shape.workers,
        holdMs: between(random, joinMs),
        isClean: random.chance(0.5),
      };
  }
}

function chooseDeed(
  random: Random,
  deed: Deed | undefined,
): { readonly kind: Deed; readonly holdMs: number } {
  const kind = deed ?? random.weigh(deeds).name;
  return { kind, holdMs: between(random, kind === "freeze" ? freezeMs : downMs) };
}

function chooseCut(random: Random, shape: RigShape): Fault {
  const link = random.pick(linkNames(shape));
  const kind = random.weigh(linkDeeds).name;
  const holdMs = between(random, cutMs);
  switch (kind) {
    case "stall":
      return { kind, link, holdMs, way: random.pick(["both", "up", "down"] as const) };
    case "delay":
      return { kind, link, holdMs, delayMs: between(random, delayMs) };
    case "reset":
      return { kind, link, holdMs: 0 };
    case "halve":
    case "refuse":
      return { kind, link, holdMs };
  }
}

function between(random: Random, [min, max]: readonly [number, number]): number {
  return random.integer(min, max);
}
