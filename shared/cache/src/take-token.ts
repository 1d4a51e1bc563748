import { createHash } from "node:crypto";
import type { Cache } from "./cache.ts";
import type { Rate, Taken } from "./token-bucket.ts";

/**
 * The arithmetic of `token-bucket.ts` as one atomic step on the server, by the server's clock, so that edges whose
 * clocks differ share one bucket. A full bucket needs no key: it expires when it would be full.
 */
const script = `
local perMinute, unit = tonumber(ARGV[1]), 60000
local full = tonumber(ARGV[2]) * unit
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'units', 'at')
local at = tonumber(bucket[2]) or now
local there = math.min(full, (tonumber(bucket[1]) or full) + math.max(0, now - at) * perMinute)
local units, allowed, retry = there, 0, 0
if there >= unit then units, allowed = there - unit, 1 else retry = math.ceil((unit - there) / perMinute) end
local reset = math.ceil((full - units) / perMinute)
redis.call('HSET', KEYS[1], 'units', string.format('%.0f', units), 'at', string.format('%.0f', math.max(now, at)))
redis.call('PEXPIRE', KEYS[1], reset)
return { allowed, math.floor(units / unit), reset, retry }
`;

/**
 * Takes one token from the bucket `key`, which every process of the cluster shares.
 *
 * @throws when Redis is away, within half a second; whether a token was taken is then unknown.
 */
export async function takeToken(cache: Cache, key: string, rate: Rate): Promise<Taken> {
  const reply = await runScript(cache, `rookery:limit:${key}`, rate);
  if (!Array.isArray(reply)) throw new Error("the limit script answered with something else");
  const [allowed = 0, remaining = 0, resetMs = 0, retryMs = 0] = reply.map(Number);
  return { allowed: allowed === 1, remaining, resetMs, retryMs };
}

const digest = createHash("sha1").update(script).digest("hex");

async function runScript({ redis }: Cache, key: string, { perMinute, burst }: Rate): Promise<unknown> {
  try {
    return await redis.evalsha(digest, 1, key, perMinute, burst);
  } catch (error) {
    // An emptied or restarted Redis does not know the script; this teaches it.
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return redis.eval(script, 1, key, perMinute, burst);
  }
}
