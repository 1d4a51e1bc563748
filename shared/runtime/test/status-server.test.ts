import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { openLog, openMetrics } from "../src/mod.ts";
import { startProcessStatus, readObservationConfig } from "../src/observation.ts";
import { startStatusServer, type StatusServerOptions } from "../src/status-server.ts";

async function start(t: TestContext, change: Partial<StatusServerOptions> = {}): Promise<string> {
  const server = await startStatusServer({
    host: "127.0.0.1",
    port: 0,
    door: { loopback: true, metricsToken: null },
    metrics: openMetrics("test"),
    probes: {},
    draining: () => false,
    ...change,
  });
  t.after(() => server.close());
  return server.url;
}

async function ask(url: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { headers });
  return { status: response.status, text: await response.text() };
}

test("live answers whatever is missing; ready names it", async (t) => {
  const url = await start(t, {
    probes: {
      postgres: () => Promise.reject(new Error("away")),
      nats: () => false,
      redis: () => true,
      slow: () => new Promise(() => {}),
    },
    draining: () => true,
  });
  assert.deepEqual(await ask(url, "/health/live"), { status: 200, text: '{"status":"ok"}' });
  const { status, text } = await ask(url, "/health/ready");
  assert.equal(status, 503);
  assert.deepEqual(JSON.parse(text), {
    status: "not_ready",
    missing: ["postgres", "nats", "slow", "draining"],
  });
});

test("metrics are open on loopback, and want METRICS_TOKEN elsewhere or when it is set", async (t) => {
  const open = await ask(await start(t), "/metrics");
  assert.equal(open.status, 200);
  assert.match(open.text, /process_cpu_seconds_total/);
  const shut = await start(t, { door: { loopback: false, metricsToken: null } });
  assert.equal((await ask(shut, "/metrics")).status, 401);
  const guarded = await start(t, { door: { loopback: true, metricsToken: "let-me-in" } });
  assert.equal((await ask(guarded, "/metrics")).status, 401);
  assert.equal((await ask(guarded, "/metrics", { authorization: "Bearer let-me-out" })).status, 401);
  assert.equal((await ask(guarded, "/metrics", { authorization: "Bearer let-me-in" })).status, 200);
});

test("anything else is not there, and nothing can be changed", async (t) => {
  const url = await start(t);
  assert.equal((await ask(url, "/")).status, 404);
  assert.equal((await fetch(`${url}/health/live`, { method: "POST" })).status, 405);
});

test("a process is ready from when it serves until it drains", async (t) => {
  let told = "";
  const log = openLog("test", { LOG_LEVEL: "silent" });
  log.info = (about: { url: string }) => {
    told = about.url;
  };
  const status = await startProcessStatus(readObservationConfig({}), {
    service: "test",
    node: "test-0",
    log,
    probes: {},
  });
  t.after(() => status.close());
  const missing = async () =>
    (JSON.parse((await ask(told, "/health/ready")).text) as { missing: string[] }).missing;
  assert.deepEqual(await missing(), ["started"]);
  status.serving();
  assert.deepEqual(await missing(), []);
  status.draining();
  assert.deepEqual(await missing(), ["draining"]);
});

test("a port that is taken is a refusal that names the setting", async (t) => {
  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await assert.rejects(start(t, { port }), { name: "ConfigError", message: /METRICS_PORT=\d+ .*EADDRINUSE/ });
});
