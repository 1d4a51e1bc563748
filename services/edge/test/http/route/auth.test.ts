import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { clockSkewMs } from "@rookery/auth";
import { listAudit, setUserDisabled } from "@rookery/store";
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
    language: null,
    specialisation: null,
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
      new RegExp(`^refreshToken=[^;]+; Max-Age=604800; Path=/v1/auth; HttpOnly${more}; SameSite=Strict$`),
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
  app.clock.nowMs += 900_000 + clockSkewMs;
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
  const weekMs = 7 * 24 * 3_600_000;
  app.clock.nowMs += weekMs - 1;
  const { body: next } = await refresh(app, body.refreshToken);
  app.clock.nowMs += weekMs - 1;
  const { status, body: last } = await refresh(app, next.refreshToken);
  assert.equal(status, 200);
  app.clock.nowMs += weekMs;
  assertProblem(await refresh(app, last.refreshToken), 401, "unauthorized");
});

test("a wrong password, an unknown name and a disabled account take the same time and answer alike", async (t) => {
  // A cost at which the hash is most of a request.
  const app = await openIdentityApp(t, { passwordCost: 9 });
  const [ada, bob] = [await register(app, { username: "ada" }), await register(app, { username: "bob" })];
  await setUserDisabled(app.store, bob.body.user.id, app.clock.nowMs);
  const cases = {
    wrong: { email: ada.body.user.email, password: "wrong horse" },
    unknown: { username: "nobody", password },
    unknownEmail: { email: app.email(), password },
    disabled: { username: "bob", password },
  };
  const times: Record<string, number[]> = {};
  const answers = new Set<string>();
  for (let round = 0; round < 8; round++) {
    for (const [name, body] of Object.entries(cases)) {
      // Of all threads, so bcrypt's too; the clock on the wall would also tell what else the machine does.
      const before = process.cpuUsage();
      const answer = await app.call("POST", "/v1/auth/login", { body });
      const { user, system } = process.cpuUsage(before);
      (times[name] ??= []).push((user + system) / 1_000);
      const { requestId: _, ...problem } = answer.body;
      answers.add(JSON.stringify([answer.status, problem]));
    }
  }
  assert.deepEqual(answers.size, 1, [...answers].join("\n"));
  const least = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, Math.min(...all)]));
  for (const ms of Object.values(least)) {
    const ratio = ms / (least["wrong"] ?? 0);
    assert.ok(ratio > 0.6 && ratio < 1.6, JSON.stringify(least));
  }
});

test("a disabled account opens and renews nothing; enabled again it logs in by its password", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  const { id, email } = body.user;
  const login = () => app.call("POST", "/v1/auth/login", { body: { email, password } });
  await setUserDisabled(app.store, id, app.clock.nowMs);
  assertProblem(await login(), 401, "bad_credentials");
  assertProblem(await refresh(app, body.refreshToken), 401, "unauthorized");
  await setUserDisabled(app.store, id, null);
  assert.equal((await login()).status, 200);
});

test("pages of other origins can use the cookie neither to refresh nor to log out; ours and programs can", async (t) => {
  const app = await openIdentityApp(t, { publicUrl: "https://chat.example.org" });
  const { cookie = "" } = await app.call("POST", "/v1/auth/register", {
    body: { email: app.email(), password },
  });
  for (const origin of ["https://evil.example.org", "https://chat.example.org.evil.net", "null"]) {
    for (const path of ["/v1/auth/refresh", "/v1/auth/logout"]) {
      const answer = await app.call("POST", path, { cookie, headers: { origin } });
      assertProblem(answer, 403, "forbidden");
    }
  }
  const ours = await app.call("POST", "/v1/auth/refresh", {
    cookie,
    headers: { origin: "https://chat.example.org" },
  });
  assert.equal(ours.status, 200);
  const program = await app.call("POST", "/v1/auth/refresh", { cookie: ours.cookie ?? "" });
  assert.equal(program.status, 200);
  // A token in the body is nobody's but its sender's.
  const inBody = await app.call("POST", "/v1/auth/refresh", {
    body: { refreshToken: program.cookie },
    headers: { origin: "https://evil.example.org" },
  });
  assert.equal(inBody.status, 200);
});

test("reuse is announced, so that the family's sockets end, and written down once", async (t) => {
  const app = await openIdentityApp(t);
  const { body: first } = await register(app);
  const { body: second } = await refresh(app, first.refreshToken);
  await refresh(app, second.refreshToken);
  for (let n = 0; n < 3; n++) assertProblem(await refresh(app, first.refreshToken), 401, "refresh_reused");
  const events = await listAudit(app.store, { userId: first.user.id, kind: null, limit: 10 });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["registered", "refresh_reused"],
  );
  assert.deepEqual(app.announced[0], { sessionIds: [events[1]?.sessionId] });
});

test("[L7] who logs in too often loses the session unused for longest, and its sockets", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app);
  const { email } = body.user;
  for (let n = 0; n < 99; n++) await app.call("POST", "/v1/auth/login", { body: { email, password } });
  assert.equal(app.announced.length, 0);
  await app.call("POST", "/v1/auth/login", { body: { email, password } });
  assert.deepEqual(
    app.announced.map(({ sessionIds }) => sessionIds?.length),
    [1],
  );
  assertProblem(await refresh(app, body.refreshToken), 401, "unauthorized");
});

test("what happens to an account is written down: who, where, by which request, and never what was typed", async (t) => {
  const app = await openIdentityApp(t);
  const { body } = await register(app, { username: "ada" });
  const login = (named: object, secret: string, headers: Record<string, string> = {}) =>
    app.call("POST", "/v1/auth/login", {
      body: { ...named, password: secret },
      headers,
      address: "192.0.2.7",
    });
  await login({ username: "ada" }, "wrong horse", { "x-request-id": "login-1" });
  await login({ username: "my secret, in the wrong field" }, "x");
  await login({ username: "ada" }, password);
  const events = await listAudit(app.store, { userId: null, kind: null, limit: 10 });
  assert.deepEqual(
    events.map(({ kind, userId }) => [kind, userId]),
    [
      ["registered", body.user.id],
      ["login_failed", body.user.id],
      ["login_failed", null],
      ["login", body.user.id],
    ],
  );
  assert.deepEqual([events[1]?.address, events[1]?.requestId], ["192.0.2.7", "login-1"]);
  assert.doesNotMatch(JSON.stringify(events), /horse|secret/);
});
