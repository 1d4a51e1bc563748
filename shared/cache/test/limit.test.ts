import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { redisUrl, until } from "@rookery/kit";
import { openLog, openMetrics } from "@rookery/runtime";
import { type Limit, type Limits, openCache, openLimits, type Taken } from "../src/mod.ts";
import { takeTokens } from "../src/take-token.ts";
import { type Bucket, takeFromAll } from "../src/token-bucket.ts";

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

/** One limit alone. */
async function takeOne(limits: Limits, rule: Limit, key: string): Promise<Taken> {
  const { counted } = await limits.take({ limit: rule, key });
  return counted[0]?.taken ?? assert.fail("not counted");
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
    Array.from({ length: 100 }, (_, index) => takeOne((index % 2 ? one : two).limits, rule, "k")),
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
  assert.equal((await takeOne(one.limits, rule, "other")).allowed, true);
  assert.match(await one.metrics.metrics(), /rookery_rate_limited_total\{limit="test-[^}]*\} \d+/);
  assert.ok((await one.cache.redis.pttl(`rookery:limit:${rule.name}:k`)) > 0, "the bucket expires");
});

test("the script in Redis and the arithmetic here agree", async (t) => {
  const { cache } = await openTestLimits(t);
  // Two at once, so that now the one and now the other refuses.
  const rates = [
    { perMinute: 12_000, burst: 3 },
    { perMinute: 9_000, burst: 5 },
  ];
  const names = rates.map(() => randomUUID());
  let buckets: (Bucket | undefined)[] = [undefined, undefined];
  for (let step = 0; step < 200; step++) {
    const there = await takeTokens(
      cache,
      rates.map((rate, index) => ({ name: names[index] ?? "", rate })),
    );
    // The clock of the server is read back, so that both decide at the same millisecond.
    const times = await Promise.all(names.map((name) => cache.redis.hget(`rookery:limit:${name}`, "at")));
    const atMs = Math.max(...times.map(Number));
    // An expired key means a full bucket, as does one that is not there yet.
    if (atMs === 0) {
      buckets = [undefined, undefined];
      continue;
    }
    const here = takeFromAll(
      rates.map((rate, index) => ({ bucket: buckets[index], rate })),
      atMs,
    );
    buckets = here.map(({ bucket }) => bucket);
    assert.deepEqual(
      there,
      here.map(({ taken }) => taken),
      `step ${step}`,
    );
  }
});

test("a request beyond one limit costs nothing of the others", async (t) => {
  const { limits } = await openTestLimits(t);
  const [narrow, wide] = [limit("open"), { ...limit("open"), perMinute: 1, burst: 50 }];
  const claims = [
    { limit: narrow, key: "k" },
    { limit: wide, key: "k" },
  ];
  const decisions = [];
  for (let n = 0; n < 20; n++) decisions.push(await limits.take(...claims));
  assert.deepEqual(
    decisions.map(({ allowed }) => allowed),
    Array.from({ length: 20 }, (_, n) => n < 5),
  );
  const { counted, retryMs } = decisions.at(-1) ?? assert.fail();
  assert.deepEqual(
    counted.map(({ limit: { name }, taken }) => [name, taken.allowed, taken.remaining]),
    [
      [narrow.name, false, 0],
      [wide.name, true, 45],
    ],
  );
  assert.ok(retryMs > 0 && retryMs <= 12_000);
});

test("[L10] a Redis that hangs holds up one request, and then none for a second", async (t) => {
  const url = new URL(await redisUrl());
  const { hostname, port } = url;
  const sockets = new Set<Socket>();
  let hangs = false;
  // A door to the real one that can be held shut without anybody being told.
  const server = createServer((client) => {
    const real = connect(Number(port), hostname);
    for (const socket of [client, real]) sockets.add(socket.on("error", () => undefined));
    client.on("data", (bytes) => void (hangs || real.write(bytes)));
    real.pipe(client);
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  url.port = String(typeof address === "object" ? address?.port : 0);
  const { limits, cache } = await openTestLimits(t, { url: url.href });
  await until(() => cache.ready, { withinMs: 5_000 });
  hangs = true;
  const rule = limit("open");
  const timed = async () => {
    const startMs = performance.now();
    assert.equal((await limits.take({ limit: rule, key: "k" })).allowed, true);
    return performance.now() - startMs;
  };
  assert.ok((await timed()) > 400, "the first waits for the bound of a command");
  for (let n = 0; n < 5; n++) assert.ok((await timed()) < 100, "the next do not");
});

test("an emptied Redis, without keys and scripts, is taught again", async (t) => {
  const { cache, limits } = await openTestLimits(t);
  await cache.redis.script("FLUSH");
  assert.equal((await takeOne(limits, limit("open"), "k")).allowed, true);
});

test("[L10] while Redis is away starting works, an open limit passes and a local one still counts, at once", async (t) => {
  const { limits, metrics } = await openTestLimits(t, { url: await deadUrl() });
  const from = performance.now();
  const [open, local] = [limit("open"), limit("local")];
  for (let n = 0; n < 20; n++) assert.equal((await limits.take({ limit: open, key: "k" })).allowed, true);
  for (let n = 0; n < 5; n++) assert.equal((await limits.take({ limit: local, key: "k" })).allowed, true);
  const refused = await limits.take({ limit: local, key: "k" });
  assert.equal(refused.allowed, false);
  assert.equal(refused.retryMs, 12_000);
  assert.equal((await limits.take({ limit: local, key: "other" })).allowed, true);
  assert.ok(performance.now() - from < 1_000, "nobody waits for Redis");
  assert.match(await metrics.metrics(), /rookery_rate_limit_away_total\{[^}]*mode="open"[^}]*\} 20/);
});

test("RATE_LIMITS=off lets everything pass", async (t) => {
  const { limits } = await openTestLimits(t, { enabled: false });
  const rule = limit("local");
  for (let n = 0; n < 50; n++) assert.equal((await limits.take({ limit: rule, key: "k" })).allowed, true);
});
