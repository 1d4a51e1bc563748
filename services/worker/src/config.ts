import {
  type Env,
  type ObservationConfig,
  readInteger,
  readObservationConfig,
  readRequired,
  readText,
} from "@rookery/runtime";

export interface WorkerConfig extends ObservationConfig {
  readonly node: string;
  readonly shards: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  /** Of the command log; beyond it edges are refused (L7). */
  readonly logBytesMax: number;
  readonly logReplicas: number;
}

/** @throws ConfigError naming the variable. */
export function readConfig(env: Env): WorkerConfig {
  return {
    ...readObservationConfig(env),
    node: readText(env, "ROOKERY_NODE", "worker"),
    shards: readInteger(env, "ROOKERY_SHARDS", { fallback: 64, min: 1, max: 65_536 }),
    databaseUrl: readRequired(env, "DATABASE_URL"),
    natsUrl: readRequired(env, "NATS_URL"),
    logBytesMax: readInteger(env, "LOG_BYTES_MAX", {
      fallback: 4 * 1024 ** 3,
      min: 1024 ** 2,
      max: 1024 ** 4,
    }),
    logReplicas: readInteger(env, "LOG_REPLICAS", { fallback: 1, min: 1, max: 5 }),
  };
}
