import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { openIdentityApp } from "./identity-app.ts";

const password = "correct horse";

test("the sixth guess at an account in a minute is refused, by whatever name, and says when to come back", async (t) => {
  const app = await openIdentityApp(t, { limits: true });
  const [email, username] = [app.email(), `u${randomUUID()}`];
  await app.call("POST", "/v1/auth/register", { body: { email, password, username } });
  const login = (name: object, secret: string) =>
    app.call("POST", "/v1/auth/login", { body: { ...name, password: secret }, address: randomUUID() });
  for (const left of [4, 3, 2, 1, 0]) {
    const answer = await login(left % 2 ? { email } : { username }, "wrong horse");
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("ratelimit-limit"), "5");
    assert.equal(answer.headers.get("ratelimit-remaining"), String(left));
  }
  for (const name of [{ email: email.toUpperCase() }, { username }]) {
    const refused = await login(name, password);
    assert.deepEqual([refused.status, refused.body.code], [429, "rate_limited"]);
    const retrySec = Number(refused.headers.get("retry-after"));
    assert.ok(retrySec >= 1 && retrySec <= 12, `Retry-After ${retrySec}`);
    assert.ok(Number(refused.headers.get("ratelimit-reset")) <= 60);
  }
});

test("an unknown name is limited like a known one", async (t) => {
  const app = await openIdentityApp(t, { limits: true });
  const email = app.email();
  const guesses = [];
  for (let n = 0; n < 6; n++)
    guesses.push(await app.call("POST", "/v1/auth/login", { body: { email, password } }));
  assert.deepEqual(
    guesses.map(({ status }) => status),
    [401, 401, 401, 401, 401, 429],
  );
});

test("an address has 60 a minute for register and login together; another address is not touched", async (t) => {
  const app = await openIdentityApp(t, { limits: true });
  const send = (n: number, address?: string) =>
    app.call("POST", n % 2 ? "/v1/auth/login" : "/v1/auth/register", {
      body: { email: app.email(), password },
      ...(address === undefined ? {} : { address }),
    });
  const answers = await Promise.all(Array.from({ length: 64 }, (_, n) => send(n)));
  const refused = answers.filter(({ status }) => status === 429);
  // A second of waiting brings one back.
  assert.ok(refused.length >= 2 && refused.length <= 4, `${refused.length} refused`);
  assert.equal((await send(0, randomUUID())).status, 201);
});

test("[L10] while Redis is away logins work and are still limited", async (t) => {
  const app = await openIdentityApp(t, { limits: true, cacheUrl: "redis://127.0.0.1:1" });
  const email = app.email();
  assert.equal((await app.call("POST", "/v1/auth/register", { body: { email, password } })).status, 201);
  const statuses = [];
  for (let n = 0; n < 6; n++) {
    const { status } = await app.call("POST", "/v1/auth/login", { body: { email, password } });
    statuses.push(status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
});
