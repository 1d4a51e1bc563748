import assert from "node:assert/strict";
import { test } from "node:test";
import { listAudit } from "@rookery/store";
import { type Answer, type IdentityApp, openIdentityApp } from "../../identity/identity-app.ts";

const password = "correct horse";

async function logIn(app: IdentityApp, email: string, how: "register" | "login"): Promise<Answer["body"]> {
  const { body } = await app.call("POST", `/v1/auth/${how}?refresh=body`, {
    body: { email, password },
    headers: { "user-agent": `agent of ${how}` },
  });
  return body;
}

async function refreshes(app: IdentityApp, refreshToken: string): Promise<boolean> {
  const { status } = await app.call("POST", "/v1/auth/refresh", { body: { refreshToken } });
  return status === 200;
}

test("sessions are listed newest first and page by page, with the asking one marked, each to its user only", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const first = await logIn(app, email, "register");
  const second = await logIn(app, email, "login");
  const stranger = await logIn(app, app.email(), "register");
  const { body } = await app.call("GET", "/v1/auth/sessions", { token: second.accessToken });
  assert.equal(body.nextCursor, null);
  assert.deepEqual(
    body.items.map((item: Record<string, unknown>) => [item["userAgent"], item["current"]]),
    [
      ["agent of login", true],
      ["agent of register", false],
    ],
  );
  const page = await app.call("GET", "/v1/auth/sessions?limit=1", { token: second.accessToken });
  const next = await app.call("GET", `/v1/auth/sessions?limit=1&cursor=${page.body.nextCursor}`, {
    token: second.accessToken,
  });
  assert.deepEqual([...page.body.items, ...next.body.items], body.items);

  const path = `/v1/auth/sessions/${body.items[1].id}`;
  assert.equal((await app.call("DELETE", path, { token: stranger.accessToken })).status, 404);
  assert.equal((await app.call("DELETE", path, { token: second.accessToken })).status, 204);
  assert.equal((await app.call("DELETE", path, { token: second.accessToken })).status, 404);
  assert.equal(await refreshes(app, first.refreshToken), false);
  assert.equal(await refreshes(app, second.refreshToken), true);
});

test("logout ends the session by access token, by body or by cookie, and clears the cookie", async (t) => {
  const app = await openIdentityApp(t);
  const ways = [
    (grant: Answer["body"]) => ({ token: grant.accessToken }),
    (grant: Answer["body"]) => ({ body: { refreshToken: grant.refreshToken } }),
    (grant: Answer["body"]) => ({ cookie: grant.refreshToken }),
    (grant: Answer["body"]) => ({ cookie: grant.refreshToken, token: "expired.or.bad" }),
  ];
  for (const way of ways) {
    const grant = await logIn(app, app.email(), "register");
    const answer = await app.call("POST", "/v1/auth/logout", way(grant));
    assert.equal(answer.status, 204);
    assert.match(answer.headers.get("set-cookie") ?? "", /^refreshToken=; Max-Age=0; Path=\/v1\/auth/);
    assert.equal(await refreshes(app, grant.refreshToken), false);
  }
  assert.equal((await app.call("POST", "/v1/auth/logout")).status, 401);
  assert.equal((await app.call("POST", "/v1/auth/logout", { cookie: "nobody's" })).status, 401);
});

test("logout-all ends every session of the user and nobody else's", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const [first, second, stranger] = [
    await logIn(app, email, "register"),
    await logIn(app, email, "login"),
    await logIn(app, app.email(), "register"),
  ];
  assert.equal((await app.call("POST", "/v1/auth/logout-all", { token: first.accessToken })).status, 204);
  assert.equal(await refreshes(app, first.refreshToken), false);
  assert.equal(await refreshes(app, second.refreshToken), false);
  assert.equal(await refreshes(app, stranger.refreshToken), true);
});

test("a changed password replaces the old one and ends the other sessions", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const first = await logIn(app, email, "register");
  const second = await logIn(app, email, "login");
  const change = (body: object) => app.call("POST", "/v1/auth/password", { token: second.accessToken, body });
  const wrong = await change({ old: "wrong horse", new: "battery staple" });
  assert.deepEqual([wrong.status, wrong.body.code], [401, "bad_credentials"]);
  const short = await change({ old: password, new: "short" });
  assert.deepEqual([short.status, short.body.errors[0].path], [400, "new"]);
  assert.equal(await refreshes(app, first.refreshToken), true);

  assert.equal((await change({ old: password, new: "battery staple" })).status, 204);
  assert.equal(await refreshes(app, second.refreshToken), true);
  const { body } = await app.call("GET", "/v1/auth/sessions", { token: second.accessToken });
  assert.equal(body.items.length, 1);
  const login = (secret: string) => app.call("POST", "/v1/auth/login", { body: { email, password: secret } });
  assert.equal((await login(password)).status, 401);
  assert.equal((await login("battery staple")).status, 200);
});

test("[L3] a change of the password and the end of a session, repeated under their names, are answered as at first", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  await logIn(app, email, "register");
  const mine = await logIn(app, email, "login");
  const stranger = await logIn(app, app.email(), "register");
  const headers = { "idempotency-key": "once" };
  const ask = (method: string, path: string, call: object) =>
    app.call(method, path, { token: mine.accessToken, ...call });

  const { body } = await ask("GET", "/v1/auth/sessions", {});
  const path = `/v1/auth/sessions/${body.items[1].id}`;
  for (let turn = 1; turn <= 2; turn++) {
    assert.equal((await ask("DELETE", path, { headers })).status, 204, `turn ${turn}`);
  }
  assert.equal((await ask("DELETE", path, {})).status, 404, "without a name it is another request");
  assert.equal((await ask("DELETE", path, { headers, token: stranger.accessToken })).status, 404);
  assert.equal((await ask("DELETE", "/v1/auth/sessions/999999999", { headers })).status, 404);

  const change = { old: password, new: "battery staple" };
  const statuses = await Promise.all(
    [1, 2, 3].map(async () => (await ask("POST", "/v1/auth/password", { headers, body: change })).status),
  );
  assert.deepEqual(statuses, [204, 204, 204], "at once");
  assert.equal((await ask("POST", "/v1/auth/password", { headers, body: change })).status, 204, "later");
  assert.equal((await ask("POST", "/v1/auth/password", { body: change })).status, 401, "without a name");
  const other = { old: password, new: "another staple" };
  assert.equal((await ask("POST", "/v1/auth/password", { headers, body: other })).status, 401);
  const events = await listAudit(app.store, { userId: mine.user.id, kind: null, limit: 100 });
  const kinds = events.map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === "password_changed").length, 1);
  assert.equal(kinds.filter((kind) => kind === "session_revoked").length, 1);
});

test("[A3] every way a session ends is announced to all edges, and written down", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const first = await logIn(app, email, "register");
  const others = [await logIn(app, email, "login"), await logIn(app, email, "login")];
  const { body } = await app.call("GET", "/v1/auth/sessions", { token: first.accessToken });
  const [third, second, own] = body.items.map(({ id }: { id: number }) => id);
  const told = () =>
    app.announced.splice(0).map(({ sessionIds = [] }) => sessionIds.toSorted((a, b) => a - b));

  await app.call("DELETE", `/v1/auth/sessions/${second}`, { token: first.accessToken });
  assert.deepEqual(told(), [[second]]);
  await app.call("DELETE", `/v1/auth/sessions/${second}`, { token: first.accessToken });
  assert.deepEqual(told(), [], "it had ended");
  const change = { old: password, new: "battery staple" };
  await app.call("POST", "/v1/auth/password", {
    token: first.accessToken,
    body: { ...change, old: "wrong" },
  });
  await app.call("POST", "/v1/auth/password", { token: first.accessToken, body: change });
  assert.deepEqual(told(), [[third]], "the session that changed the password goes on");
  await app.call("POST", "/v1/auth/logout", { token: first.accessToken });
  assert.deepEqual(told(), [[own]]);
  const again = await app.call("POST", "/v1/auth/login", { body: { email, password: "battery staple" } });
  await app.call("POST", "/v1/auth/logout-all", { token: again.body.accessToken });
  assert.equal(told().length, 1);
  assert.equal(others.length, 2);

  const events = await listAudit(app.store, { userId: first.user.id, kind: null, limit: 20 });
  assert.deepEqual(
    events.map(({ kind, detail }) => [kind, detail?.["reason"]].filter(Boolean).join(" ")),
    [
      "registered",
      "login",
      "login",
      "session_revoked",
      "password_refused",
      "password_changed",
      "sessions_revoked password",
      "logout",
      "login",
      "sessions_revoked logout_all",
    ],
  );
});

test("a session is shown with the device its client named, and where it was used last", async (t) => {
  const app = await openIdentityApp(t);
  const email = app.email();
  const device = "Ada's phone ☎";
  const { body } = await app.call("POST", "/v1/auth/register?refresh=body", {
    body: { email, password, device },
    address: "192.0.2.1",
  });
  await logIn(app, email, "login");
  const list = await app.call("GET", "/v1/auth/sessions", { token: body.accessToken });
  const [other, own] = list.body.items;
  assert.deepEqual([own.device, own.address, own.lastUsedAt], [device, "192.0.2.1", app.clock.nowMs]);
  assert.equal(other.device, null);
  const long = await app.call("POST", "/v1/auth/login", {
    body: { email, password, device: "x".repeat(65) },
  });
  assert.deepEqual([long.status, long.body.errors[0].path], [400, "device"]);
});
