import { type Env, readInteger, readRequired, readText } from "@rookery/runtime";

export interface CourierConfig {
  readonly node: string;
  readonly shards: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly publicUrl: string;
  readonly telegramApiRoot: string;
}

/** @throws ConfigError naming the variable. */
export function readConfig(env: Env): CourierConfig {
  return {
    node: readText(env, "ROOKERY_NODE", "courier"),
    shards: readInteger(env, "ROOKERY_SHARDS", { fallback: 64, min: 1, max: 65_536 }),
    databaseUrl: readRequired(env, "DATABASE_URL"),
    natsUrl: readRequired(env, "NATS_URL"),
    publicUrl: readRequired(env, "PUBLIC_URL"),
    telegramApiRoot: readText(env, "TELEGRAM_API_ROOT", "https://api.telegram.org"),
  };
}
