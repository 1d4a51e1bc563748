import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { type Answer, type IdentityApp, openIdentityApp } from "../../identity/identity-app.ts";

const password = "correct horse";

async function register(app: IdentityApp, more: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await app.call("POST", "/v1/auth/register?refresh=body", {
    body: { email: app.email(), password, ...more },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer;
}

function refresh(app: IdentityApp, refreshToken: string): Promise<Answer> {
  return app.call("POST", "/v1/auth/refresh", { body: { refreshToken } });
}

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal(answer.body.code, code);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
}

test("who registers is logged in, and the access token opens the door", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const answer = await app.call("POST", "/v1/auth/register", {
    body: { email, password, username: "Adá", displayName: "Ada L" },
  });
  assert.equal(answer.status, 201);
  const { user, accessToken, ...rest } = answer.body;
  assert.deepEqual(rest, { tokenType: "Bearer", expiresIn: 900 });
  assert.deepEqual(user, {
    id: user.id,
    username: "Adá",
    displayName: "Ada L",
    email,
    lastSeen: null,
    isBot: false,
  });
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const me = await app.call("GET", "/v1/users/me", { token: accessToken });
  assert.deepEqual([me.status, me.body], [200, user]);
});

test("the refresh token is in a cookie for /v1/auth that scripts and other sites cannot use", async (t) => {
  const plain = await openIdentityApp(t);
  const secure = await openIdentityApp(t, { publicUrl: "https://chat.example.org" });
  for (const [app, more] of [
    [plain, ""],
    [secure, "; Secure"],
  ] as const) {
    const { headers, body } = await app.call("POST", "/v1/auth/register", {
      body: { email: app.email(), password },
    });
    assert.match(
      headers.get("set-cookie") ?? "",
      new RegExp(`^refreshToken=[^;]+; Max-Age=2592000; Path=/v1/auth; HttpOnly${more}; SameSite=Strict$`),
    );
    assert.equal(body.refreshToken, undefined);
  }
  const inBody = await register(plain);
  assert.equal(inBody.headers.get("set-cookie"), null);
  assert.equal(typeof inBody.body.refreshToken, "string");
});

test("a taken email or username is a conflict of its own, whatever its spelling", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  await register(app, { email, username: "straße" });
  const again = (body: object) => app.call("POST", "/v1/auth/register", { body: { password, ...body } });
  assertProblem(await again({ email: email.toUpperCase() }), 409, "email_taken");
  assertProblem(await again({ email: app.email(), username: "STRASSE" }), 409, "username_taken");
});

test("a registration repeated under its Idempotency-Key answers 200 with the same user, to nobody else", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const send = (key: string, secret: string) =>
    app.call("POST", "/v1/auth/register", {
      body: { email, password: secret },
      headers: { "idempotency-key": key },
    });
  const first = await send("k1", password);
  const second = await send("k1", password);
  assert.deepEqual([first.status, second.status], [201, 200]);
  assert.equal(second.body.user.id, first.body.user.id);
  assertProblem(await send("k1", "another password"), 409, "email_taken");
  assertProblem(await send("k2", password), 409, "email_taken");
});

test("wrong fields are named one by one", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const wrong: [string, object][] = [
    ["email", { password }],
    ["email", { email: "nobody", password }],
    ["email", { email: `${"x".repeat(300)}@example.org`, password }],
    ["password", { email, password: "1234567" }],
    ["password", { email, password: "x".repeat(73) }],
    ["password", { email, password: "ab\0cdefghij" }],
    ["password", { email }],
    ["username", { email, password, username: "a@b" }],
    ["username", { email, password, username: "with space" }],
    ["displayName", { email, password, displayName: " " }],
    ["displayName", { email, password, displayName: "\ud800" }],
  ];
  for (const [path, body] of wrong) {
    const answer = await app.call("POST", "/v1/auth/register", { body });
    assertProblem(answer, 400, "invalid");
    for (const error of answer.body.errors) assert.equal(error.path, path);
    assert.ok(answer.body.errors.length > 0);
  }
  assertProblem(await app.call("POST", "/v1/auth/login", { body: "{" }), 400, "invalid");
  assertProblem(await app.call("POST", "/v1/auth/login", { body: { password } }), 400, "invalid");
  assertProblem(await app.call("POST", "/v1/auth/refresh", { body: "{" }), 400, "invalid");
  assertProblem(await app.call("POST", "/v1/auth/refresh", { body: { refreshToken: 5 } }), 400, "invalid");
});

test("login is by email or username in any case; a wrong password and an unknown name look the same", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const { body } = await register(app, { email, username: "Grace" });
  for (const name of [{ email: email.toUpperCase() }, { username: "gRACE" }]) {
    const answer = await app.call("POST", "/v1/auth/login", { body: { ...name, password } });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.user.id, body.user.id);
    assert.ok(answer.cookie);
  }
  const wrong = await app.call("POST", "/v1/auth/login", { body: { email, password: "wrong horse" } });
  const unknown = await app.call("POST", "/v1/auth/login", { body: { email: app.email(), password } });
  for (const answer of [wrong, unknown]) assertProblem(answer, 401, "bad_credentials");
  assert.equal(wrong.body.detail, unknown.body.detail);
});

test("a stranger verifies access tokens by the JWKS alone", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  const { keys } = (await app.call("GET", "/.well-known/jwks.json")).body;
  const [head, claims, signature] = body.accessToken.split(".");
  const { alg, kid, typ } = JSON.parse(Buffer.from(head, "base64url").toString());
  assert.deepEqual([alg, typ], ["ES256", "at+jwt"]);
  const jwk = keys.find((key: { kid: string }) => key.kid === kid);
  const key = createPublicKey({ key: jwk, format: "jwk" });
  const signed = Buffer.from(`${head}.${claims}`);
  const bytes = Buffer.from(signature, "base64url");
  assert.ok(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, bytes));
  const { sub, roles, iss, aud } = JSON.parse(Buffer.from(claims, "base64url").toString());
  assert.deepEqual(
    { sub, roles, iss, aud },
    { sub: String(body.user.id), roles: ["member"], iss: "rookery", aud: "rookery" },
  );
});

test("an access token ends after 15 minutes; a refresh renews it and rotates", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  app.clock.nowMs += 900_000;
  const late = await app.call("GET", "/v1/users/me", { token: body.accessToken });
  assertProblem(late, 401, "unauthorized");
  assert.match(late.body.detail, /expired/);
  const renewed = await refresh(app, body.refreshToken);
  assert.equal(renewed.status, 200);
  assert.notEqual(renewed.body.refreshToken, body.refreshToken);
  assert.deepEqual(renewed.body.user, body.user);
  assert.equal((await app.call("GET", "/v1/users/me", { token: renewed.body.accessToken })).status, 200);
});

test("a refresh by cookie answers by cookie, without a body, whatever the content type", async (t) => {
  const app = await openIdentityApp(t);
  const { cookie } = await app.call("POST", "/v1/auth/register", { body: { email: app.email(), password } });
  const headers = { "content-type": "application/json" };
  const renewed = await app.call("POST", "/v1/auth/refresh", { cookie: cookie ?? "", headers });
  assert.equal(renewed.status, 200);
  assert.equal(renewed.body.refreshToken, undefined);
  assert.ok(renewed.cookie && renewed.cookie !== cookie);
  const inBody = await app.call("POST", "/v1/auth/refresh?refresh=body", { cookie: renewed.cookie });
  assert.equal(typeof inBody.body.refreshToken, "string");
  const bad = await app.call("POST", "/v1/auth/refresh", { cookie: "nonsense" });
  assertProblem(bad, 401, "unauthorized");
  assert.match(bad.headers.get("set-cookie") ?? "", /^refreshToken=; Max-Age=0; Path=\/v1\/auth/);
  assertProblem(await app.call("POST", "/v1/auth/refresh"), 401, "unauthorized");
});

test("two tabs refreshing at once get one and the same successor", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(app, body.refreshToken)));
  assert.deepEqual(
    answers.map((answer) => answer.status),
    Array(8).fill(200),
  );
  assert.equal(new Set(answers.map((answer) => answer.body.refreshToken)).size, 1);
  const again = await refresh(app, answers[0]?.body.refreshToken);
  assert.equal(again.status, 200);
});

test("the preceding token repeats its successor for 10 s; after that it kills the family", async (t) => {
  const app = await openIdentityApp(t);
  const { body: first } = await register(app);
  const { body: second } = await refresh(app, first.refreshToken);
  app.clock.nowMs += 10_000;
  assert.equal((await refresh(app, first.refreshToken)).body.refreshToken, second.refreshToken);
  app.clock.nowMs += 1;
  assertProblem(await refresh(app, first.refreshToken), 401, "refresh_reused");
  assertProblem(await refresh(app, second.refreshToken), 401, "refresh_reused");
});

test("an older token kills the family at once, and no other session of the user", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const { body: first } = await register(app, { email });
  const other = await app.call("POST", "/v1/auth/login?refresh=body", { body: { email, password } });
  const { body: second } = await refresh(app, first.refreshToken);
  const { body: third } = await refresh(app, second.refreshToken);
  assertProblem(await refresh(app, first.refreshToken), 401, "refresh_reused");
  assertProblem(await refresh(app, third.refreshToken), 401, "refresh_reused");
  assert.equal((await refresh(app, other.body.refreshToken)).status, 200);
});

test("nothing that logs in is stored as it is", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  const { body: next } = await refresh(app, body.refreshToken);
  const { rows } = await app.store.query(
    "select (select string_agg(u::text, '') from users u) || (select string_agg(s::text, '') from session s) || (select string_agg(r::text, '') from refresh_token r) as all",
  );
  const dump: string = rows[0].all;
  for (const secret of [password, body.refreshToken, next.refreshToken, body.accessToken]) {
    const hex = Buffer.from(secret).toString("hex");
    assert.ok(!dump.includes(secret) && !dump.includes(hex));
  }
  assert.match(dump, /\$2b\$04\$/);
});

test("an expired session cannot be refreshed; each refresh prolongs it", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  const monthMs = 30 * 24 * 3_600_000;
  app.clock.nowMs += monthMs - 1;
  const { body: next } = await refresh(app, body.refreshToken);
  app.clock.nowMs += monthMs - 1;
  const { status, body: last } = await refresh(app, next.refreshToken);
  assert.equal(status, 200);
  app.clock.nowMs += monthMs;
  assertProblem(await refresh(app, last.refreshToken), 401, "unauthorized");
});
