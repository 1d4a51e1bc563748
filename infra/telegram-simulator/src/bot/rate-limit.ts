/** What Telegram lets a bot send. Its real figures are not exact; these are what is known of them. */
export interface RateLimits {
  readonly botPerSecond: number;
  readonly chatPerSecond: number;
  /** Messages to one chat that pass at once after a pause. */
  readonly chatBurst: number;
  readonly groupPerMinute: number;
}

export const telegramLimits: RateLimits = {
  botPerSecond: 30,
  chatPerSecond: 1,
  chatBurst: 3,
  groupPerMinute: 20,
};

export interface Violation {
  readonly atMs: number;
  readonly botId: number;
  readonly chatId: number;
  readonly scope: "bot" | "chat" | "group";
  readonly retryAfter: number;
  /** Sent although an earlier `retry_after` for the same scope had not passed. */
  readonly isEarly: boolean;
}

export interface Sending {
  readonly botId: number;
  readonly chatId: number;
  readonly isGroup: boolean;
  /** Messages it makes; a media group is as many as it holds. */
  readonly messages: number;
}

/** Buckets of tokens. Pure but for its memory: time is an argument. */
export interface RateLimiter {
  /** Null: it may be sent, and is counted. Otherwise nothing is counted but the violation. */
  admit(sending: Sending, nowMs: number): Violation | null;
}

interface Bucket {
  tokens: number;
  atMs: number;
  closedUntilMs: number;
}

interface Rate {
  readonly scope: Violation["scope"];
  readonly key: string;
  readonly burst: number;
  readonly perMs: number;
}

/** Beyond it the longest unused bucket is forgotten, which is full again by then. */
const bucketsMax = 100_000;

export function openRateLimiter(limits: RateLimits): RateLimiter {
  const buckets = new Map<string, Bucket>();

  function bucketOf({ key, burst, perMs }: Rate, nowMs: number): Bucket {
    const found = buckets.get(key) ?? { tokens: burst, atMs: nowMs, closedUntilMs: 0 };
    found.tokens = Math.min(burst, found.tokens + (nowMs - found.atMs) * perMs);
    found.atMs = nowMs;
    // Deleting first keeps the map in order of use.
    buckets.delete(key);
    buckets.set(key, found);
    const [oldest] = buckets.keys();
    if (buckets.size > bucketsMax && oldest !== undefined) buckets.delete(oldest);
    return found;
  }

  return {
    admit({ botId, chatId, isGroup, messages }, nowMs) {
      const rates = ratesOf(limits, botId, chatId, isGroup);
      const all = rates.map((rate) => ({ rate, bucket: bucketOf(rate, nowMs) }));
      for (const { rate, bucket } of all) {
        const isEarly = nowMs < bucket.closedUntilMs;
        // An album may be larger than the burst; then a full bucket is enough.
        const needed = Math.min(messages, rate.burst);
        if (!isEarly && bucket.tokens >= needed) continue;
        const missingMs = Math.max(bucket.closedUntilMs - nowMs, (needed - bucket.tokens) / rate.perMs);
        const retryAfter = Math.max(1, Math.ceil(missingMs / 1_000));
        if (!isEarly) bucket.closedUntilMs = nowMs + retryAfter * 1_000;
        return { atMs: nowMs, botId, chatId, scope: rate.scope, retryAfter, isEarly };
      }
      for (const { bucket } of all) bucket.tokens -= messages;
      return null;
    },
  };
}

function ratesOf(limits: RateLimits, botId: number, chatId: number, isGroup: boolean): Rate[] {
  const { botPerSecond, chatPerSecond, chatBurst, groupPerMinute } = limits;
  const chat = `${botId}/${chatId}`;
  const rates: Rate[] = [
    { scope: "bot", key: `bot ${botId}`, burst: botPerSecond, perMs: botPerSecond / 1_000 },
    { scope: "chat", key: `chat ${chat}`, burst: chatBurst, perMs: chatPerSecond / 1_000 },
  ];
  if (isGroup) {
    rates.push({
      scope: "group",
      key: `group ${chat}`,
      burst: groupPerMinute,
      perMs: groupPerMinute / 60_000,
    });
  }
  return rates;
}
