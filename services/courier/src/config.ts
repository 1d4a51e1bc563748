import { isTelegramToken } from "@rookery/telegram";
import { type AddressRules, readAddressRules } from "@rookery/webhook";
import type { UsageLife } from "./telegram/update-sweep.ts";
import type { EnvironmentBot } from "./telegram/environment-bot.ts";
import {
  ConfigError,
  type Env,
  type ObservationConfig,
  readFlag,
  readInteger,
  readObservationConfig,
  readRequired,
  readText,
} from "@rookery/runtime";

export interface CourierConfig extends ObservationConfig {
  readonly node: string;
  readonly shards: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly publicUrl: string;
  readonly telegramApiRoot: string;
  readonly usageLife: UsageLife;
  /** How many times faster than Telegram allows bots send: 1, but for tests whose Telegram has multiplied limits. */
  readonly telegramPaceFactor: number;
  /** What services and webhooks may have for addresses. */
  readonly addresses: AddressRules;
  /** How long Telegram may hold a question for updates open. */
  readonly pollingTimeoutSeconds: number;
  readonly webhooks: {
    /** Deliveries that are done are kept so long. */
    readonly keepDays: number;
    /** Nothing but failures for so long, and an endpoint is disabled. */
    readonly disableDays: number;
    /** Through which webhooks go; null: from here. */
    readonly proxyUrl: string | null;
  };
  /** Null: the environment names no bot. */
  readonly bot: EnvironmentBot | null;
}

/** @throws ConfigError naming the variable. */
export function readConfig(env: Env): CourierConfig {
  return {
    ...readObservationConfig(env),
    node: readText(env, "ROOKERY_NODE", "courier"),
    shards: readInteger(env, "ROOKERY_SHARDS", { fallback: 64, min: 1, max: 65_536 }),
    databaseUrl: readRequired(env, "DATABASE_URL"),
    natsUrl: readRequired(env, "NATS_URL"),
    publicUrl: readRequired(env, "PUBLIC_URL"),
    bot: readBot(env),
    pollingTimeoutSeconds: readInteger(env, "TELEGRAM_POLLING_TIMEOUT", { fallback: 30, min: 0, max: 50 }),
    telegramApiRoot: readText(env, "TELEGRAM_API_ROOT", "https://api.telegram.org"),
    usageLife: {
      hourlyDays: readInteger(env, "BOT_USAGE_HOURLY_DAYS", { fallback: 90, min: 1, max: 36_500 }),
      dailyDays: readInteger(env, "BOT_USAGE_DAYS", { fallback: 730, min: 1, max: 36_500 }),
    },
    telegramPaceFactor: readInteger(env, "TELEGRAM_PACE_FACTOR", { fallback: 1, min: 1, max: 100 }),
    addresses: readAddressRules(env),
    webhooks: {
      keepDays: readInteger(env, "WEBHOOK_KEEP_DAYS", { fallback: 30, min: 1, max: 3_650 }),
      disableDays: readInteger(env, "WEBHOOK_DISABLE_DAYS", { fallback: 5, min: 1, max: 365 }),
      proxyUrl: readProxy(env),
    },
  };
}

function readProxy(env: Env): string | null {
  const text = readText(env, "WEBHOOK_PROXY_URL", "");
  if (text === "") return null;
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? "")) {
    // The variable may hold a password.
    throw new ConfigError("WEBHOOK_PROXY_URL is not an http or https URL");
  }
  return text;
}

function readBot(env: Env): EnvironmentBot | null {
  const token = readText(env, "TELEGRAM_BOT_TOKEN", "");
  if (token === "") return null;
  if (!isTelegramToken(token))
    throw new ConfigError("TELEGRAM_BOT_TOKEN is not a token of Telegram's BotFather");
  const secret = readText(env, "TELEGRAM_WEBHOOK_SECRET", "");
  if (!/^[A-Za-z0-9_-]{0,256}$/.test(secret)) {
    throw new ConfigError("TELEGRAM_WEBHOOK_SECRET must be 1 to 256 of A-Za-z0-9_-");
  }
  // Telegram posts to https alone.
  const isReachable = readRequired(env, "PUBLIC_URL").startsWith("https:");
  const mode = readFlag(env, "TELEGRAM_USE_WEBHOOK", isReachable) ? "webhook" : "polling";
  return { token, mode, webhookSecret: secret === "" ? null : secret };
}
