import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { redisUrl } from "@rookery/kit";
import { openLog, openMetrics } from "@rookery/runtime";
import { type Limit, openCache, openLimits } from "../src/mod.ts";
import { takeToken } from "../src/take-token.ts";
import { type Bucket, takeFrom } from "../src/token-bucket.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });

async function openTestLimits(t: TestContext, options: { url?: string; enabled?: boolean } = {}) {
  const cache = openCache({ url: options.url ?? (await redisUrl()), log });
  t.after(() => cache.close());
  if (options.url === undefined && !cache.ready) await new Promise((done) => cache.redis.once("ready", done));
  const metrics = openMetrics("test");
  const limits = openLimits({ cache, metrics, log, now: () => 0, enabled: options.enabled ?? true });
  return { cache, metrics, limits };
}

function limit(whenAway: Limit["whenAway"]): Limit {
  return { name: `test-${randomUUID()}`, perMinute: 5, burst: 5, whenAway };
}

/** Loopback port where nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return `redis://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

test("of many at once, on two connections, exactly the burst passes, and the rest hears when to come back", async (t) => {
  const [one, two] = [await openTestLimits(t), await openTestLimits(t)];
  const rule = limit("open");
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, index) => (index % 2 ? one : two).limits.take(rule, "k")),
  );
  const passed = all.filter((taken) => taken.allowed);
  assert.equal(passed.length, 5);
  assert.deepEqual(
    passed.map((taken) => taken.remaining).toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4],
  );
  for (const { retryMs, resetMs } of all.filter((taken) => !taken.allowed)) {
    assert.ok(retryMs > 10_000 && retryMs <= 12_000, `retryMs ${retryMs}`);
    assert.ok(resetMs > 50_000 && resetMs <= 60_000, `resetMs ${resetMs}`);
  }
  assert.equal((await one.limits.take(rule, "other")).allowed, true);
  assert.match(await one.metrics.metrics(), /rookery_rate_limited_total\{limit="test-[^}]*\} \d+/);
  assert.ok((await one.cache.redis.pttl(`rookery:limit:${rule.name}:k`)) > 0, "the bucket expires");
});

test("the script in Redis and the arithmetic here agree", async (t) => {
  const { cache } = await openTestLimits(t);
  const rate = { perMinute: 12_000, burst: 3 };
  const key = randomUUID();
  let bucket: Bucket | undefined;
  for (let step = 0; step < 200; step++) {
    const there = await takeToken(cache, key, rate);
    // The clock of the server is read back, so that both decide at the same millisecond.
    const atMs = Number(await cache.redis.hget(`rookery:limit:${key}`, "at"));
    // An expired key means a full bucket, as does one that is not there yet.
    if (atMs === 0) {
      bucket = undefined;
      continue;
    }
    const here = takeFrom(bucket, rate, atMs);
    bucket = here.bucket;
    assert.deepEqual(there, here.taken, `step ${step}`);
  }
});

test("an emptied Redis, without keys and scripts, is taught again", async (t) => {
  const { cache, limits } = await openTestLimits(t);
  await cache.redis.script("FLUSH");
  assert.equal((await limits.take(limit("open"), "k")).allowed, true);
});

test("[L10] while Redis is away starting works, an open limit passes and a local one still counts, at once", async (t) => {
  const { limits, metrics } = await openTestLimits(t, { url: await deadUrl() });
  const from = performance.now();
  const [open, local] = [limit("open"), limit("local")];
  for (let n = 0; n < 20; n++) assert.equal((await limits.take(open, "k")).allowed, true);
  for (let n = 0; n < 5; n++) assert.equal((await limits.take(local, "k")).allowed, true);
  const refused = await limits.take(local, "k");
  assert.equal(refused.allowed, false);
  assert.equal(refused.retryMs, 12_000);
  assert.equal((await limits.take(local, "other")).allowed, true);
  assert.ok(performance.now() - from < 1_000, "nobody waits for Redis");
  assert.match(await metrics.metrics(), /rookery_rate_limit_away_total\{[^}]*mode="open"[^}]*\} 20/);
});

test("RATE_LIMITS=off lets everything pass", async (t) => {
  const { limits } = await openTestLimits(t, { enabled: false });
  const rule = limit("local");
  for (let n = 0; n < 50; n++) assert.equal((await limits.take(rule, "k")).allowed, true);
});
