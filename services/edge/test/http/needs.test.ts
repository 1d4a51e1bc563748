/** Every route says what it needs, and says the same to callers and in the document. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { permissions } from "@rookery/auth";
import type { Guard } from "../../src/http/needs.ts";
import { fakePort, openEdgeFixture } from "../edge-fixture.ts";
import { readJson } from "../json-body.ts";

const edge = await openEdgeFixture(() =>
  fakePort(() => ({ kind: "refused", fault: { code: "not_found", message: "no such chat" } })),
);
after(() => edge.close());

interface Route {
  readonly method: string;
  readonly path: string;
  readonly needs: readonly string[];
}

/** The routes of the app, each with what its handlers declare. */
function routesOf(app: typeof edge.app): Route[] {
  const routes = new Map<string, Route>();
  for (const { method, path, handler } of app.routes) {
    if (method === "ALL") continue;
    const needs = "need" in handler ? [(handler as Guard).need] : [];
    const known = routes.get(`${method} ${path}`);
    routes.set(`${method} ${path}`, { method, path, needs: [...(known?.needs ?? []), ...needs] });
  }
  return [...routes.values()];
}

/** These and no others may be asked by anybody. */
const open = new Set([
  "GET /health/live",
  "GET /health/ready",
  "GET /v1/health",
  "GET /metrics",
  "GET /.well-known/jwks.json",
  "GET /v1/openapi.json",
  "GET /docs",
  "POST /v1/auth/register",
  "POST /v1/auth/login",
  "POST /v1/auth/telegram",
  "POST /v1/auth/refresh",
  "POST /v1/auth/logout",
]);

test("[A5] every route declares what it needs, once", () => {
  const routes = routesOf(edge.app);
  assert.ok(routes.length > 40, `${routes.length} routes`);
  const silent = routes.filter(({ needs }) => needs.length !== 1);
  assert.deepEqual(silent, [], "routes without `...needs(…)`, or with two");
  const known: ReadonlySet<string> = new Set([...permissions, "public", "user", "session"]);
  for (const { needs, path } of routes) assert.ok(known.has(needs[0] ?? ""), path);
});

test("[A5] a route that declares nothing is found out", () => {
  const app = routesOf(edge.app).length;
  edge.app.get("/v1/forgotten", (c) => c.json({}));
  const routes = routesOf(edge.app);
  assert.equal(routes.length, app + 1);
  assert.deepEqual(
    routes.filter(({ needs }) => needs.length !== 1).map(({ path }) => path),
    ["/v1/forgotten"],
  );
});

test("[A5] what is not on the list of open routes answers 401 to nobody, and says so in the document", async () => {
  const document = await readJson<{
    paths: Record<string, Record<string, { security?: object[]; "x-needs"?: string }>>;
  }>(await edge.app.request("/v1/openapi.json"));
  for (const { method, path, needs } of routesOf(edge.app)) {
    if (path === "/v1/forgotten") continue;
    const name = `${method} ${path}`;
    assert.equal(needs[0] === "public", open.has(name), name);
    if (needs[0] === "public") continue;
    const response = await edge.app.request(path.replaceAll(/:\w+(\{[^}]*\})?/g, "1"), { method });
    assert.equal(response.status, 401, name);
    const described = document.paths[path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")]?.[method.toLowerCase()];
    assert.notEqual(described, undefined, `${name} is not in the document`);
    const proofs = needs[0] === "session" ? [{ bearer: [] }] : [{ bearer: [] }, { apiKey: [] }];
    assert.deepEqual(described?.security, proofs, name);
    assert.equal(described?.["x-needs"], needs[0], name);
  }
});
