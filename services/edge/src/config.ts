import { join } from "node:path";
import {
  ConfigError,
  type Env,
  type ObservationConfig,
  readChoice,
  readInteger,
  readList,
  readObservationConfig,
  readRequired,
  readText,
} from "@rookery/runtime";
import { type AddressRules, readAddressRules } from "@rookery/webhook";
import { type BucketConfig, readBucketConfig } from "./file/bucket.ts";
import type { ProxyTrust } from "./http/client-address.ts";
import { type RateLimits, readRateLimits } from "./rate-limits.ts";
import { readTlsFiles, type TlsFiles } from "./tls.ts";

export interface EdgeConfig extends ObservationConfig {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly shards: number;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly publicUrl: string;
  /** Null: plain HTTP, behind a proxy or on this machine. */
  readonly tls: TlsFiles | null;
  /** Origins of pages that may ask by REST and open sockets. */
  readonly corsOrigins: readonly string[];
  /** Origins of pages that may open sockets, besides `corsOrigins`, `publicUrl` and loopback. */
  readonly allowedOrigins: readonly string[];
  readonly proxies: ProxyTrust;
  /** False: none at all. */
  readonly rateLimited: boolean;
  readonly rateLimits: RateLimits;
  /** How long events of the audit log are kept. */
  readonly auditDays: number;
  /** What files hold, for all edges of this machine; with a bucket, while they come. */
  readonly filesDir: string;
  /** Null: files lie in the folder. */
  readonly filesBucket: BucketConfig | null;
  /** Where webhooks may go, and where bots may have us fetch files. */
  readonly addresses: AddressRules;
  readonly drainMs: number;
  /** Of its sockets an edge that holds more than its share sends away in a second. */
  readonly shedPercent: number;
}

/** @throws ConfigError naming the variable. */
export function readConfig(env: Env): EdgeConfig {
  const host = readText(env, "HOST", "127.0.0.1");
  const port = readInteger(env, "PORT", { fallback: 8080, min: 1, max: 65_535 });
  const tls = readTlsFiles(env);
  return {
    ...readObservationConfig(env),
    node: readText(env, "ROOKERY_NODE", "edge"),
    host,
    port,
    shards: readInteger(env, "ROOKERY_SHARDS", { fallback: 64, min: 1, max: 65_536 }),
    databaseUrl: readRequired(env, "DATABASE_URL"),
    natsUrl: readRequired(env, "NATS_URL"),
    redisUrl: readRequired(env, "REDIS_URL"),
    publicUrl: readPublicUrl(env, `${tls === null ? "http" : "https"}://${host}:${port}`),
    tls,
    corsOrigins: readOrigins(env, "CORS_ORIGINS"),
    allowedOrigins: readOrigins(env, "ALLOWED_ORIGINS"),
    proxies: {
      networks: readList(env, "TRUSTED_PROXIES"),
      header: readChoice(env, "TRUSTED_PROXY_HEADER", ["x-forwarded-for", "forwarded"], "x-forwarded-for"),
    },
    rateLimited: readChoice(env, "RATE_LIMITS", ["on", "off"], "on") === "on",
    rateLimits: readRateLimits(env),
    auditDays: readInteger(env, "AUDIT_DAYS", { fallback: 180, min: 1, max: 36_500 }),
    shedPercent: readInteger(env, "SHED_PERCENT", { fallback: 1, min: 0, max: 100 }),
    filesDir: readText(env, "FILES_DIR", join(readText(env, "ROOKERY_DATA", ".rookery"), "files")),
    filesBucket: readBucketConfig(env),
    addresses: readAddressRules(env),
    drainMs: readInteger(env, "DRAIN_MS", { fallback: 15_000, min: 0, max: 600_000 }),
  };
}

/** Origins as browsers write them, or `*`. A path or a slash at the end would match no page, without a word. */
function readOrigins(env: Env, name: string): string[] {
  const origins = readList(env, name);
  const wrong = origins.find((origin) => origin !== "*" && originOf(origin) !== origin);
  if (wrong !== undefined) {
    throw new ConfigError(`${name}: ${wrong} is not an origin such as https://chat.example.com`);
  }
  return origins;
}

/** Null for what is no URL. Apps have schemes of their own (`capacitor://localhost`), which have no origin by the URL standard. */
function originOf(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { origin, protocol, host } = new URL(text);
  return origin === "null" ? `${protocol}//${host}` : origin;
}

/** Without a slash at its end. */
function readPublicUrl(env: Env, fallback: string): string {
  const text = readText(env, "PUBLIC_URL", fallback);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new ConfigError(`PUBLIC_URL=${text} is not a URL such as https://chat.example.com`);
  }
  return text.replace(/\/+$/, "");
}
