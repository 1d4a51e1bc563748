import { type Env, readChoice, readInteger, readRequired, readText } from "@rookery/runtime";

export interface EdgeConfig {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly shards: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly publicUrl: string;
  /** Origins of pages that may open sockets, besides `publicUrl` and loopback. */
  readonly allowedOrigins: readonly string[];
  readonly rateLimits: boolean;
  readonly metricsToken: string | null;
  readonly drainMs: number;
}

/** @throws ConfigError naming the variable. */
export function readConfig(env: Env): EdgeConfig {
  const host = readText(env, "HOST", "127.0.0.1");
  const port = readInteger(env, "PORT", { fallback: 8080, min: 1, max: 65_535 });
  return {
    node: readText(env, "ROOKERY_NODE", "edge"),
    host,
    port,
    shards: readInteger(env, "ROOKERY_SHARDS", { fallback: 64, min: 1, max: 65_536 }),
    databaseUrl: readRequired(env, "DATABASE_URL"),
    natsUrl: readRequired(env, "NATS_URL"),
    redisUrl: readRequired(env, "REDIS_URL"),
    publicUrl: readText(env, "PUBLIC_URL", `http://${host}:${port}`),
    allowedOrigins: readText(env, "ALLOWED_ORIGINS", "")
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
    rateLimits: readChoice(env, "RATE_LIMITS", ["on", "off"], "on") === "on",
    metricsToken: readText(env, "METRICS_TOKEN", "") || null,
    drainMs: readInteger(env, "DRAIN_MS", { fallback: 15_000, min: 0, max: 600_000 }),
  };
}
