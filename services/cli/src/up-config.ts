import { resolve } from "node:path";
import { type Env, readChoice, readInteger, readText } from "@rookery/runtime";

export interface UpConfig {
  readonly host: string;
  /** The first edge's; the others take the next ones. 0: each takes a free one. */
  readonly port: number;
  readonly edges: number;
  readonly workers: number;
  readonly couriers: number;
  /** Undefined: what the data folder was made with. */
  readonly shards: number | undefined;
  /** Absolute. */
  readonly dataDir: string;
  /** The real one, or one that runs here. */
  readonly telegram: "real" | "simulator";
  readonly drainMs: number;
  /** The flags' variables included; what the children are started with. */
  readonly env: Env;
}

/** Each flag of `rookery up` with its variable, default and meaning. */
export const upFlags = [
  { flag: "port", variable: "PORT", fallback: "8080", text: "first edge; further edges take the next ports" },
  { flag: "host", variable: "HOST", fallback: "127.0.0.1", text: "address the edges listen on" },
  { flag: "edges", variable: "ROOKERY_EDGES", fallback: "1", text: "edge processes" },
  { flag: "workers", variable: "ROOKERY_WORKERS", fallback: "1", text: "worker processes" },
  { flag: "couriers", variable: "ROOKERY_COURIERS", fallback: "1", text: "courier processes" },
  {
    flag: "shards",
    variable: "ROOKERY_SHARDS",
    fallback: "64",
    text: "fixed at first start of a data folder",
  },
  { flag: "data", variable: "ROOKERY_DATA", fallback: ".rookery", text: "folder of everything that lasts" },
  {
    flag: "rate-limits",
    variable: "RATE_LIMITS",
    fallback: "on",
    text: "off for load tests from one address",
  },
  {
    flag: "telegram",
    variable: "ROOKERY_TELEGRAM",
    fallback: "real",
    text: "simulator: a Telegram that runs here, its people act by curl",
  },
] as const;

export const shardsDefault = 64;
export const processesMax = 64;
const shardsMax = 4_096;

/** Reads what `up` needs; a flag wins over its variable. @throws ConfigError naming the variable and its range. */
export function readUpConfig(values: Readonly<Record<string, string>>, env: Env): UpConfig {
  const given = upFlags.flatMap(({ flag, variable }) => {
    const value = values[flag];
    return value === undefined ? [] : [[variable, value] as const];
  });
  const all: Env = { ...env, ...Object.fromEntries(given) };
  const edges = readInteger(all, "ROOKERY_EDGES", { fallback: 1, min: 1, max: processesMax });
  const shards = readInteger(all, "ROOKERY_SHARDS", { fallback: 0, min: 1, max: shardsMax });
  return {
    host: readText(all, "HOST", "127.0.0.1"),
    port: readInteger(all, "PORT", { fallback: 8080, min: 0, max: 65_536 - edges }),
    edges,
    workers: readInteger(all, "ROOKERY_WORKERS", { fallback: 1, min: 1, max: processesMax }),
    couriers: readInteger(all, "ROOKERY_COURIERS", { fallback: 1, min: 0, max: processesMax }),
    shards: shards === 0 ? undefined : shards,
    dataDir: resolve(readText(all, "ROOKERY_DATA", ".rookery")),
    telegram: readChoice(all, "ROOKERY_TELEGRAM", ["real", "simulator"], "real"),
    drainMs: readInteger(all, "DRAIN_MS", { fallback: 15_000, min: 0, max: 600_000 }),
    env: { ...all, RATE_LIMITS: readChoice(all, "RATE_LIMITS", ["on", "off"], "on") },
  };
}
