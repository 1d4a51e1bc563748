import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { openIdentityApp } from "../identity/identity-app.ts";

const password = "correct horse";

test("a user has so many requests a second on whatever address, and hears how many are left and when to come back", async (t) => {
  const app = await openIdentityApp(t, {
    limits: true,
    env: { RATE_LIMIT_USER_PER_SECOND: "10", RATE_LIMIT_ADDRESS_PER_SECOND: "500" },
  });
  const one = await app.register();
  const other = await app.register();
  const ask = (token: string) => app.call("GET", "/v1/users/me", { token, address: randomUUID() });
  const first = await ask(one);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get("ratelimit-policy"), '"address";q=500;w=1, "user";q=10;w=1');
  assert.equal(first.headers.get("ratelimit"), '"address";r=499;t=1, "user";r=9;t=1');
  assert.equal(first.headers.get("ratelimit-limit"), "10");
  assert.equal(first.headers.get("ratelimit-remaining"), "9");
  assert.equal(first.headers.get("ratelimit-reset"), "1");
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(one)));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 20, `${refused.length} refused`);
  for (const { body, headers } of refused) {
    assert.equal(body.code, "rate_limited");
    assert.equal(headers.get("retry-after"), "1");
    assert.equal(headers.get("ratelimit-remaining"), "0");
  }
  assert.equal((await ask(other)).status, 200, "another user is not touched");
});

test("an address has so many requests a second, whoever asks; probes and metrics are not counted", async (t) => {
  const app = await openIdentityApp(t, { limits: true, env: { RATE_LIMIT_ADDRESS_PER_SECOND: "5" } });
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      app.call("GET", "/v1/users/me", n % 2 ? {} : { token: "not.a.token" }),
    ),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401, 429]));
  assert.ok(answers.filter(({ status }) => status === 429).length >= 15);
  for (let n = 0; n < 20; n++) assert.equal((await app.call("GET", "/health/live")).status, 200);
  assert.equal((await app.call("GET", "/v1/users/me", { address: randomUUID() })).status, 401);
});

test("the limit of all is told only to who is refused by it", async (t) => {
  const app = await openIdentityApp(t, { limits: true, env: { RATE_LIMIT_GLOBAL_PER_SECOND: "3" } });
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => app.call("GET", "/v1/users/me", { address: randomUUID() })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 15, `${refused.length} refused`);
  for (const { headers } of refused) assert.match(headers.get("ratelimit-policy") ?? "", /"global";q=3;w=1/);
  const passed = answers.filter(({ status }) => status !== 429);
  for (const { headers } of passed) assert.doesNotMatch(headers.get("ratelimit-policy") ?? "", /global/);
});

test("0 takes a limit away", async (t) => {
  const app = await openIdentityApp(t, {
    limits: true,
    env: { RATE_LIMIT_LOGIN_PER_MINUTE: "0", RATE_LIMIT_AUTH_PER_MINUTE: "0" },
  });
  const email = app.email();
  for (let n = 0; n < 8; n++) {
    const { status } = await app.call("POST", "/v1/auth/login", { body: { email, password } });
    assert.equal(status, 401);
  }
});

test("[L10] while Redis is away requests go on uncounted, and the metric says so", async (t) => {
  const app = await openIdentityApp(t, {
    limits: true,
    cacheUrl: "redis://127.0.0.1:1",
    env: { RATE_LIMIT_USER_PER_SECOND: "2" },
  });
  const token = await app.register();
  for (let n = 0; n < 10; n++) {
    const answer = await app.call("GET", "/v1/users/me", { token });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("ratelimit-remaining"), null, "nothing is claimed to be known");
  }
  assert.match(await app.metrics(), /rookery_rate_limit_away_total\{limit="user",mode="open"[^}]*\} 10/);
});
