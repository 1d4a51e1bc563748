/** The command line. */
import { parseArgs } from "node:util";
import type { RigShape } from "./cluster/rig.ts";
import { ConfigError } from "@rookery/runtime";
import type { TrafficShape } from "./run/traffic.ts";

export interface Options {
  readonly mode:
    | { readonly kind: "run" | "plants" | "help" }
    | { readonly kind: "plant" | "scenario"; readonly name: string };
  readonly seed: number | undefined;
  readonly faults: number | undefined;
  readonly rig: RigShape;
  readonly traffic: TrafficShape;
  /** Repeats of a scenario; its own number if not given. */
  readonly trials: number | undefined;
  /** The version that the scenario `upgrade` begins with. */
  readonly from: string | undefined;
  readonly json: boolean;
  readonly keep: boolean;
}

interface NumberFlag {
  readonly min: number;
  readonly max: number;
  readonly fallback?: number;
  readonly text: string;
}

const numbers = {
  faults: { min: 1, max: 100_000, text: "faults of a run (20)" },
  seed: { min: 0, max: 0x7fff_ffff, text: "the plan of faults; printed, random if not given" },
  edges: { min: 1, max: 16, fallback: 2, text: "edge processes (2)" },
  workers: { min: 1, max: 16, fallback: 3, text: "worker processes (3)" },
  couriers: { min: 0, max: 16, fallback: 1, text: "courier processes (1)" },
  shards: { min: 1, max: 1_024, fallback: 16, text: "shards (16)" },
  chats: { min: 1, max: 10_000, fallback: 64, text: "chats (64)" },
  users: { min: 2, max: 1_000, fallback: 24, text: "people (24)" },
  members: { min: 2, max: 100, fallback: 4, text: "people in a chat at first (4)" },
  devices: { min: 1, max: 20, fallback: 2, text: "readers of each person (2)" },
  senders: { min: 1, max: 200, fallback: 12, text: "senders (12)" },
  rate: { min: 1, max: 5_000, fallback: 150, text: "commands a second, all senders together (150)" },
  trials: { min: 1, max: 10_000, text: "repeats of a scenario" },
} as const satisfies Record<string, NumberFlag>;

type NumberName = keyof typeof numbers;

/** Commands of one sender under way at once. */
const lanesPerSender = 3;

export const usage = [
  "Usage: npm run chaos -- [flags]",
  "",
  "  --plant <name>     run with a planted bug; exit 1 when it is not caught",
  "  --plants           run with each planted bug in turn, and print which counter caught it",
  "  --scenario <name>  takeover, edge-loss, rolling, outage, stops, join, log-loss, nats-cluster, telegram, bot-api,",
  "                     webhooks, upgrade or autoscale",
  "  --from <commit>    of the scenario upgrade: the version before (the last before a migration)",
  "  --json             the report as JSON on standard output",
  "  --keep             keep the run's folder also when it is clean",
  ...Object.entries(numbers).map(([name, { text }]) => `  --${name.padEnd(15)}  ${text}`),
  "",
].join("\n");

/** @throws ConfigError naming the flag and its range. */
export function readOptions(args: readonly string[]): Options {
  const flags = Object.fromEntries(
    Object.keys(numbers).map((name) => [name, { type: "string" }] as const),
  ) as Record<NumberName, { type: "string" }>;
  const { values } = parse(args, flags);
  const number = (name: NumberName): number | undefined => {
    const text = values[name];
    const { min, max, fallback }: NumberFlag = numbers[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new ConfigError(`--${name}=${text} must be a whole number from ${min} to ${max}`);
  };
  const given = (name: NumberName): number => number(name) ?? 0;
  return {
    mode: readMode(values),
    seed: number("seed"),
    faults: number("faults"),
    trials: number("trials"),
    from: values.from,
    json: values.json === true,
    keep: values.keep === true,
    rig: {
      edges: given("edges"),
      workers: given("workers"),
      couriers: given("couriers"),
      shards: given("shards"),
    },
    traffic: {
      users: given("users"),
      chats: given("chats"),
      membersPerChat: given("members"),
      devices: given("devices"),
      senders: given("senders"),
      lanesPerSender,
      commandsPerSecond: given("rate"),
    },
  };
}

function parse(args: readonly string[], flags: Record<NumberName, { type: "string" }>) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...flags,
        plant: { type: "string" },
        scenario: { type: "string" },
        from: { type: "string" },
        plants: { type: "boolean" },
        json: { type: "boolean" },
        keep: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function readMode(values: {
  readonly plant?: string;
  readonly scenario?: string;
  readonly plants?: boolean;
  readonly help?: boolean;
}): Options["mode"] {
  if (values.help === true) return { kind: "help" };
  if (values.plants === true) return { kind: "plants" };
  if (values.plant !== undefined) return { kind: "plant", name: values.plant };
  if (values.scenario !== undefined) return { kind: "scenario", name: values.scenario };
  return { kind: "run" };
}
