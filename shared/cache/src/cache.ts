import { Gauge, type Log, type Registry } from "@rookery/runtime";
import { Redis } from "ioredis";

/** One connection to Redis or Valkey. What is in it may vanish at any moment (L10). */
export interface Cache {
  /** For the files of this package, which each own their keys. */
  readonly redis: Redis;
  /** Whether commands can be sent now. */
  readonly ready: boolean;
  close(): Promise<void>;
}

export interface CacheOptions {
  readonly url: string;
  readonly log: Log;
  /** Shown in CLIENT LIST. */
  readonly name?: string;
}

const connectTimeoutMs = 2_000;
/** A command that takes longer is as good as lost; every caller has an answer for that. */
const commandTimeoutMs = 500;
const reconnectMsMax = 2_000;
const closeMsMax = 1_000;

/**
 * Opens the cache; returns at once, whether or not Redis is there.
 *
 * Fails fast: while Redis is away commands reject instead of queueing, and none is sent twice. It is
 * reconnected for ever, at most every 2 s; going away and coming back are logged once each.
 */
export function openCache({ url, log, name = "rookery" }: CacheOptions): Cache {
  const redis = new Redis(url, {
    connectionName: name,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(50 * 2 ** Math.min(attempts, 6), reconnectMsMax),
  });
  let told: "up" | "away" | undefined;
  const tell = (state: "up" | "away", reason?: string): void => {
    if (told === state) return;
    told = state;
    if (state === "up") log.info("Redis is here");
    else log.warn({ reason }, "Redis is away; limits fall back, caches miss");
  };
  redis.on("ready", () => tell("up"));
  redis.on("error", (error: Error) => tell("away", error.message));
  redis.on("close", () => tell("away", "connection closed"));

  return {
    redis,
    get ready() {
      return redis.status === "ready";
    },
    close: async () => {
      told = "away";
      if (!["connecting", "connect", "ready"].includes(redis.status)) {
        // Between two tries there is nothing to end, only a timer to clear; ioredis then tells no end.
        redis.disconnect();
        return;
      }
      const ended = new Promise<void>((resolve) => redis.once("end", () => resolve()));
      if (redis.status === "ready") await Promise.race([redis.quit().catch(() => undefined), ended]);
      redis.disconnect();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        ended,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, closeMsMax);
        }),
      ]);
      clearTimeout(timer);
    },
  };
}

/** Shows whether Redis is here. */
export function observeCache(cache: Cache, metrics: Registry): void {
  new Gauge({
    name: "rookery_redis_up",
    help: "Whether commands can be sent to Redis",
    registers: [metrics],
    collect() {
      this.set(cache.ready ? 1 : 0);
    },
  });
}
