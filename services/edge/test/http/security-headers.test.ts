import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openApp, openEdgeFixture } from "../edge-fixture.ts";
import { openIdentityApp } from "../identity/identity-app.ts";

const edge = await openEdgeFixture(() => ({ submit: () => Promise.reject(new Error("no commands here")) }));
after(() => edge.close());

test("every answer, a fault too, says that it is not to be guessed at, framed, run or kept", async () => {
  const { token } = await edge.person();
  for (const [path, status] of [
    ["/v1/users/me", 200],
    ["/v1/chats/999999", 404],
    ["/nowhere", 404],
    ["/health/ready", 200],
  ] as const) {
    const answer = await edge.app.request(path, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, status, path);
    const { headers } = answer;
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'; frame-ancestors 'none'/);
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("strict-transport-security"), null);
  }
});

test("what hands out tokens is kept by nobody, whether it does or refuses", async (t) => {
  const app = await openIdentityApp(t);
  const person = { email: app.email(), password: "correct horse" };
  for (const [path, body, status] of [
    ["/v1/auth/register", person, 201],
    ["/v1/auth/login", person, 200],
    ["/v1/auth/login", { ...person, password: "wrong horse" }, 401],
    ["/v1/auth/refresh", {}, 401],
  ] as const) {
    const answer = await app.call("POST", path, { body });
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("cache-control"), "no-store", path);
  }
});

test("public keys may be kept for a while", async () => {
  const { headers } = await edge.app.request("/.well-known/jwks.json");
  assert.equal(headers.get("cache-control"), "public, max-age=300");
});

test("where the world comes by https, browsers are told to stay with it", async () => {
  const config = { ...edge.context.config, publicUrl: "https://chat.example.com" };
  const { headers } = await openApp({ ...edge.context, config }).request("/health/live");
  assert.equal(headers.get("strict-transport-security"), "max-age=31536000");
});
