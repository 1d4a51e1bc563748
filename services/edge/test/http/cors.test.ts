import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openApp, openEdgeFixture } from "../edge-fixture.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

const page = "https://chat.example.com";

function appFor(corsOrigins: readonly string[]) {
  return openApp({ ...edge.context, config: { ...edge.context.config, corsOrigins } });
}

function allowOf(headers: Headers) {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
}

async function preflight(corsOrigins: readonly string[], origin: string) {
  return await appFor(corsOrigins).request("/v1/chats/5/messages", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    },
  });
}

test("a listed origin's preflight is told methods, headers, credentials, and for how long", async () => {
  const answer = await preflight(["https://other.example.com", page], page);
  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get("vary"), "Origin");
  assert.deepEqual(allowOf(answer.headers), {
    "access-control-allow-origin": page,
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Request-Id",
    "access-control-max-age": "600",
  });
});

test("no other origin is allowed anything: by default, by likeness, or as null", async () => {
  assert.deepEqual(allowOf((await preflight([], page)).headers), {});
  for (const origin of [`${page}.evil.example`, "http://chat.example.com", `${page}:8443`, "null", ""]) {
    const answer = await preflight([page], origin);
    assert.deepEqual(allowOf(answer.headers), {}, origin);
    const asked = await appFor([page]).request("/health/live", { headers: { origin } });
    assert.deepEqual(allowOf(asked.headers), {}, origin);
  }
});

test("a star lets any page ask, never with credentials; who is listed beside it keeps them", async () => {
  const any = allowOf((await preflight(["*", page], "https://any.example.org")).headers);
  assert.equal(any["access-control-allow-origin"], "*");
  assert.equal(any["access-control-allow-credentials"], undefined);
  assert.equal(
    allowOf((await preflight(["*", page], page)).headers)["access-control-allow-credentials"],
    "true",
  );
});

test("a page may read answers and faults, and the headers it needs", async () => {
  for (const [path, status] of [
    ["/health/live", 200],
    ["/v1/users/me", 401],
    ["/nowhere", 404],
  ] as const) {
    const answer = await appFor([page]).request(path, { headers: { origin: page } });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("access-control-allow-origin"), page, path);
    assert.match(
      answer.headers.get("access-control-expose-headers") ?? "",
      /X-Request-Id.*RateLimit.*Retry-After/,
    );
  }
});

test("OPTIONS that is no preflight is no such route", async () => {
  assert.equal((await appFor([page]).request("/v1/chats", { method: "OPTIONS" })).status, 404);
});
