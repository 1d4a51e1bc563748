import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { EdgeContext } from "../../src/http/context.ts";
import { openApp, openEdgeFixture } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

function appWith(change: Partial<EdgeContext>) {
  return openApp({ ...edge.context, ...change });
}

test("live answers whatever is missing, ready says what is", async () => {
  const app = appWith({
    probes: {
      postgres: async () => (await edge.store.query("select 1")).rowCount === 1,
      nats: () => false,
      redis: () => Promise.reject(new Error("away")),
    },
  });
  assert.equal((await app.request("/health/live")).status, 200);
  const ready = await app.request("/health/ready");
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { status: "not_ready", missing: ["nats", "redis"] });
  const health = await readJson<Record<string, unknown>>(await app.request("/v1/health"));
  assert.equal(health["status"], "degraded");
});

test("a draining edge is not ready; one that has everything is", async () => {
  const draining = await appWith({ draining: () => true }).request("/health/ready");
  assert.deepEqual(await draining.json(), { status: "not_ready", missing: ["draining"] });
  assert.equal((await edge.app.request("/health/ready")).status, 200);
});

test("metrics are open on loopback, and want METRICS_TOKEN elsewhere", async () => {
  const open = await edge.app.request("/metrics");
  assert.match(await open.text(), /process_cpu_seconds_total/);
  const config = { ...edge.context.config, loopback: false };
  assert.equal((await appWith({ config }).request("/metrics")).status, 401);
  const guarded = appWith({ config: { ...config, metricsToken: "let-me-in" } });
  const ask = async (authorization: string) =>
    (await guarded.request("/metrics", { headers: { authorization } })).status;
  assert.equal(await ask("Bearer let-me-in"), 200);
  assert.equal(await ask("Bearer let-me-out"), 401);
});

test("the OpenAPI document describes every route of the contract that is served", async () => {
  const response = await edge.app.request("/v1/openapi.json");
  const document = await readJson<{ openapi: string; paths: Record<string, object> }>(response);
  assert.equal(document.openapi, "3.1.0");
  for (const path of [
    "/v1/auth/login",
    "/v1/users/me",
    "/v1/chats",
    "/v1/chats/{id}/messages",
    "/v1/bots/{id}",
  ]) {
    assert.ok(path in document.paths, path);
  }
  assert.deepEqual(Object.keys(document.paths["/v1/chats"] ?? {}).toSorted(), ["get", "post"]);
  assert.equal((await edge.app.request("/docs")).status, 200);
});

test("the public keys are told", async () => {
  const jwks = await readJson<{ keys: object[] }>(await edge.app.request("/.well-known/jwks.json"));
  assert.equal(jwks.keys.length, 1);
  assert.ok(!("d" in (jwks.keys[0] ?? {})));
});
