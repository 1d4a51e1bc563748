import { createHash } from "node:crypto";
import type { Cache } from "./cache.ts";
import type { Rate, Taken } from "./token-bucket.ts";

/**
 * The arithmetic of `token-bucket.ts` as one atomic step on the server, by the server's clock, so that edges whose
 * clocks differ share their buckets. A full bucket needs no key: it expires when it would be full.
 */
const script = `
local unit = 60000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local there, last, price = {}, {}, unit
for i, key in ipairs(KEYS) do
  local perMinute, full = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) * unit
  local bucket = redis.call('HMGET', key, 'units', 'at')
  last[i] = tonumber(bucket[2]) or now
  there[i] = math.min(full, (tonumber(bucket[1]) or full) + math.max(0, now - last[i]) * perMinute)
  if there[i] < unit then price = 0 end
end
local reply = {}
for i, key in ipairs(KEYS) do
  local perMinute, full = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i]) * unit
  local units, allowed, retry = there[i] - price, 1, 0
  if there[i] < unit then allowed, retry = 0, math.ceil((unit - units) / perMinute) end
  local reset = math.ceil((full - units) / perMinute)
  redis.call('HSET', key, 'units', string.format('%.0f', units), 'at', string.format('%.0f', math.max(now, last[i])))
  redis.call('PEXPIRE', key, reset)
  reply[i] = { allowed, math.floor(units / unit), reset, retry }
end
return reply
`;

/** One bucket of Redis, by the name it has below `rookery:limit:`. */
export interface NamedBucket {
  readonly name: string;
  readonly rate: Rate;
}

/**
 * Takes one token from each bucket, or from none when one of them is empty; every process of the cluster shares them.
 * One round trip, however many there are.
 *
 * @throws when Redis is away, within half a second; whether tokens were taken is then unknown.
 */
export async function takeTokens(cache: Cache, buckets: readonly NamedBucket[]): Promise<Taken[]> {
  const reply = await runScript(cache, buckets);
  if (!Array.isArray(reply) || reply.length !== buckets.length) throw new Error(strange);
  return reply.map((row: unknown) => {
    if (!Array.isArray(row)) throw new Error(strange);
    const [allowed = 0, remaining = 0, resetMs = 0, retryMs = 0] = row.map(Number);
    return { allowed: allowed === 1, remaining, resetMs, retryMs };
  });
}

const strange = "the limit script answered with something else";
const digest = createHash("sha1").update(script).digest("hex");

async function runScript({ redis }: Cache, buckets: readonly NamedBucket[]): Promise<unknown> {
  const keys = buckets.map(({ name }) => `rookery:limit:${name}`);
  const rates = buckets.flatMap(({ rate }) => [rate.perMinute, rate.burst]);
  try {
    return await redis.evalsha(digest, keys.length, ...keys, ...rates);
  } catch (error) {
    // An emptied or restarted Redis does not know the script; this teaches it.
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return redis.eval(script, keys.length, ...keys, ...rates);
  }
}
