import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { until } from "@rookery/kit";
import { setRole } from "@rookery/store";
import { type Answer, type Call, openIdentityApp } from "../../identity/identity-app.ts";

interface Person {
  readonly id: number;
  readonly token: string;
}

async function open(t: TestContext, options: Parameters<typeof openIdentityApp>[1] = {}) {
  const app = await openIdentityApp(t, options);
  const person = async (): Promise<Person> => {
    const { body } = await app.call("POST", "/v1/auth/register?refresh=body", {
      body: { email: app.email(), password: "correct horse" },
    });
    return { id: body.user.id, token: body.accessToken };
  };
  const makeKey = (owner: Pick<Call, "token" | "headers">, draft: object): Promise<Answer> =>
    app.call("POST", "/v1/apikeys", { ...owner, body: { name: "bot", scopes: [], ...draft } });
  const byKey = (key: string): Call => ({ headers: { "x-api-key": key } });
  return { ...app, person, makeKey, byKey };
}

test("[A4] a key is told once, is seen by its user alone, and is nowhere in Postgres", async (t) => {
  const app = await open(t);
  const [ann, eve] = [await app.person(), await app.person()];
  const made = await app.makeKey(ann, {
    scopes: ["chats:read"],
    rateLimit: 60,
    expiresAt: app.clock.nowMs + 1,
  });
  assert.equal(made.status, 201);
  assert.match(made.body.key, /^rk_[a-z0-9]{12}_[\w-]{43}$/);
  assert.equal(made.headers.get("cache-control"), "no-store");
  const { key, ...told } = made.body;
  assert.deepEqual((await app.call("GET", `/v1/apikeys/${told.id}`, ann)).body, told);
  assert.deepEqual((await app.call("GET", "/v1/apikeys", ann)).body, { items: [told], nextCursor: null });
  assert.deepEqual((await app.call("GET", "/v1/apikeys", eve)).body.items, []);
  for (const [method, path] of [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/revoke"],
  ] as const) {
    assert.equal((await app.call(method, `/v1/apikeys/${told.id}${path}`, eve)).status, 404, method);
  }
  const { rows } = await app.store.query("select * from api_key");
  assert.ok(!JSON.stringify(rows).includes(key.slice(16)));
  assert.match(rows[0].digest, /^\$argon2id\$/);
});

test("[A4] a key acts for its user, as X-API-Key or Bearer, within its scopes", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  const { key } = (await app.makeKey(ann, { scopes: ["users:read"] })).body;
  const other = await app.person();
  for (const call of [app.byKey(key), { token: key }]) {
    const me = await app.call("GET", "/v1/users/me", call);
    assert.equal(me.status, 200);
    assert.equal(me.body.id, ann.id);
    assert.equal(typeof me.body.email, "string");
    assert.equal((await app.call("GET", `/v1/users/${other.id}`, call)).status, 200);
    const refused = await app.call("GET", "/v1/chats", call);
    assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
    assert.match(refused.body.detail, /chats:read/);
    // What only a person may do.
    assert.equal((await app.call("GET", "/v1/auth/sessions", call)).status, 403);
    assert.equal((await app.call("POST", "/v1/auth/logout-all", call)).status, 403);
  }
  const nothing = (await app.makeKey(ann, {})).body.key;
  const me = await app.call("GET", "/v1/users/me", app.byKey(nothing));
  assert.equal(me.body.id, ann.id);
  assert.equal(me.body.email, undefined, "an address is for keys that may read accounts");
  for (const [scopes, known] of [
    [["users:write"], "undefined"],
    [["users:write", "users:read"], "string"],
  ] as const) {
    const { key: writing } = (await app.makeKey(ann, { scopes })).body;
    const body = { displayName: "Ann" };
    const changed = await app.call("PATCH", "/v1/users/me", { ...app.byKey(writing), body });
    assert.deepEqual([changed.status, typeof changed.body.email], [200, known], scopes.join());
  }
});

test("[A4] a key of any other form, prefix or secret is 401", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  const { key } = (await app.makeKey(ann, { scopes: ["admin"] })).body as { key: string };
  const last = key.endsWith("A") ? "B" : "A";
  for (const wrong of [
    key.slice(0, -1) + last,
    key.slice(0, -1),
    `${key}A`,
    `rk_aaaaaaaaaaaa_${key.slice(16)}`,
    "rk_",
    "rk_short",
    ann.token,
  ]) {
    const answer = await app.call("GET", "/v1/chats", app.byKey(wrong));
    assert.deepEqual([answer.status, answer.body.code], [401, "unauthorized"], wrong);
  }
  // The key itself, proven before or after, stays good.
  assert.equal((await app.call("GET", "/v1/chats", app.byKey(key))).status, 200);
});

test("[A4] a key ends with its time, by revocation and by deletion, at once though it was just proven", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  const status = async (key: string) => (await app.call("GET", "/v1/chats", app.byKey(key))).status;
  const scopes = ["chats:read"];
  const short = (await app.makeKey(ann, { scopes, expiresAt: app.clock.nowMs + 1_000 })).body;
  const [one, two] = [(await app.makeKey(ann, { scopes })).body, (await app.makeKey(ann, { scopes })).body];
  for (const { key } of [short, one, two]) assert.equal(await status(key), 200);
  app.clock.nowMs += 1_000;
  assert.equal(await status(short.key), 401);

  const revoked = await app.call("POST", `/v1/apikeys/${one.id}/revoke`, ann);
  assert.deepEqual([revoked.status, revoked.body.revokedAt], [200, app.clock.nowMs]);
  assert.equal(await status(one.key), 401);
  app.clock.nowMs += 5;
  const again = await app.call("POST", `/v1/apikeys/${one.id}/revoke`, ann);
  assert.equal(again.body.revokedAt, revoked.body.revokedAt, "once revoked is revoked");

  assert.equal((await app.call("DELETE", `/v1/apikeys/${two.id}`, ann)).status, 204);
  assert.equal(await status(two.key), 401);
  assert.equal((await app.call("GET", `/v1/apikeys/${two.id}`, ann)).status, 404);
  const { rows } = await app.store.query("select kind, key_id from audit where key_id = $1 order by id", [
    one.id,
  ]);
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ["key_created", "key_revoked", "key_revoked"],
  );
});

test("[A4] a key makes no key that does more or lives longer than itself", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  const expiresAt = app.clock.nowMs + 60_000;
  const { key } = (await app.makeKey(ann, { scopes: ["keys:manage", "chats:read"], expiresAt })).body;
  const child = (draft: object) => app.makeKey(app.byKey(key), draft);
  assert.equal((await child({ scopes: ["chats:read"], expiresAt })).status, 201);
  assert.equal((await child({ scopes: ["chats:read"] })).status, 403);
  assert.equal((await child({ scopes: ["chats:read"], expiresAt: expiresAt + 1 })).status, 403);
  for (const scope of ["messages:read", "admin", "*", "chats:*"]) {
    assert.equal((await child({ scopes: [scope], expiresAt })).status, 403, scope);
  }
});

test("[L3] a repeat under one Idempotency-Key is the first key, whose secret is not told again", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  const named = { token: ann.token, headers: { "idempotency-key": "k-1" } };
  const first = await app.makeKey(named, { scopes: ["chats:read"] });
  const again = await app.makeKey(named, { scopes: ["admin"] });
  assert.deepEqual([first.status, again.status], [201, 200]);
  const { key, ...told } = first.body;
  assert.deepEqual(again.body, told);
  assert.equal((await app.call("GET", "/v1/chats", app.byKey(key))).status, 200);
});

test("a draft that cannot be a key is invalid, field by field", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  for (const [field, draft] of [
    ["name", { name: "" }],
    ["scopes.0", { scopes: ["everything"] }],
    ["scopes", { scopes: "admin" }],
    ["expiresAt", { expiresAt: app.clock.nowMs }],
    ["rateLimit", { rateLimit: 0 }],
  ] as const) {
    const answer = await app.makeKey(ann, draft);
    assert.equal(answer.status, 400, field);
    assert.equal(answer.body.errors[0].path, field);
  }
});

test("[A4] last use is written in batches, wrong secrets are limited, the right key goes on", async (t) => {
  const app = await open(t, { limits: true });
  const ann = await app.person();
  const { key, id } = (await app.makeKey(ann, { scopes: ["chats:read"] })).body as {
    key: string;
    id: number;
  };
  assert.equal((await app.call("GET", "/v1/chats", app.byKey(key))).status, 200);
  const codes = new Set<string>();
  for (let count = 0; count < 30; count++) {
    const wrong = key.slice(0, 16) + String(count).padStart(43, "w");
    const answer = await app.call("GET", "/v1/chats", app.byKey(wrong));
    codes.add(answer.body.code);
    if (answer.status === 429) assert.ok(Number(answer.headers.get("retry-after")) > 0);
  }
  assert.deepEqual([...codes], ["unauthorized", "rate_limited"]);
  assert.equal((await app.call("GET", "/v1/chats", app.byKey(key))).status, 200, "it is known already");
  await until(
    async () => (await app.call("GET", `/v1/apikeys/${id}`, ann)).body.lastUsedAt === app.clock.nowMs,
    { withinMs: 10_000 },
  );
});

test("[A11] a service learns whose a token is and what it may be used for", async (t) => {
  const app = await open(t);
  const [ann, service] = [await app.person(), await app.person()];
  const asked = (await app.makeKey(ann, { scopes: ["messages:read", "orders:read"] })).body;
  const expiring = (await app.makeKey(ann, { scopes: [], expiresAt: app.clock.nowMs + 5_000 })).body;
  const { key } = (await app.makeKey(service, { scopes: ["auth:introspect"] })).body;
  const ask = async (token: string) =>
    (await app.call("POST", "/v1/auth/introspect", { ...app.byKey(key), body: { token } })).body;
  const may = async (token: string, resource: string, action: string) =>
    (await app.call("POST", "/v1/auth/check", { ...app.byKey(key), body: { token, resource, action } })).body;

  const { exp, ...told } = await ask(ann.token);
  assert.equal(exp, app.clock.nowMs / 1000 + 900);
  assert.ok(told.scopes.includes("messages:write"));
  assert.deepEqual({ ...told, scopes: [] }, { active: true, userId: ann.id, roles: ["member"], scopes: [] });
  assert.deepEqual(await ask(asked.key), {
    active: true,
    userId: ann.id,
    roles: ["member"],
    scopes: ["messages:read", "orders:read"],
    exp: null,
  });
  assert.equal((await ask(expiring.key)).exp, app.clock.nowMs / 1000 + 5);
  for (const nonsense of ["x", `${ann.token}x`, "rk_"])
    assert.deepEqual(await ask(nonsense), { active: false });

  assert.deepEqual(await may(ann.token, "messages", "write"), { allowed: true });
  assert.deepEqual(await may(asked.key, "messages", "read"), { allowed: true });
  assert.deepEqual(await may(asked.key, "messages", "write"), { allowed: false });
  // A scope of the service's own counts once the role has it.
  assert.deepEqual(await may(asked.key, "orders", "read"), { allowed: false });
  await app.store.query("insert into role_permission values ('member', 'orders:read')");
  app.learn((await app.store.query("select version from access_version")).rows[0].version);
  assert.deepEqual(await may(asked.key, "orders", "read"), { allowed: true });

  await app.call("POST", `/v1/apikeys/${asked.id}/revoke`, ann);
  assert.deepEqual(await ask(asked.key), { active: false });
  assert.deepEqual(await may(asked.key, "messages", "read"), { allowed: false });
  // Without the scope nobody is told anything.
  const weak = (await app.makeKey(service, { scopes: ["users:read"] })).body.key;
  const refused = await app.call("POST", "/v1/auth/introspect", {
    ...app.byKey(weak),
    body: { token: ann.token },
  });
  assert.equal(refused.status, 403);
});

test("[A11] a service learns what a token or key may do in a single chat", async (t) => {
  const app = await open(t);
  const [ann, bob, eve, service] = await Promise.all([
    app.person(),
    app.person(),
    app.person(),
    app.person(),
  ]);
  const { key } = (await app.makeKey(service, { scopes: ["auth:introspect"] })).body;
  const reader = (await app.makeKey(ann, { scopes: ["messages:read"] })).body;
  const muted = (await app.makeKey(ann, { scopes: ["messages:*", "chats:*"] })).body;
  const chat = 77;
  const chatRow = "insert into chat (id, type, rev, created_by, created_ms) values ($1, 'group', 1, $2, 1)";
  await app.store.query(chatRow, [chat, ann.id]);
  const join = `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev) values ($1, $2, $3, 0, 1, 1)`;
  await app.store.query(join, [chat, ann.id, "owner"]);
  await app.store.query(join, [chat, bob.id, "reader"]);
  await app.store.query(
    `insert into chat_acl (chat_id, subject, can_send, since_seq, rev, changed_ms) values ($1, $2, false, 0, 1, 1)`,
    [chat, `key:${muted.id}`],
  );
  const may = async (token: string, resource: string, action: string) => {
    const body = { token, resource, action };
    return (await app.call("POST", "/v1/auth/check", { ...app.byKey(key), body })).body.allowed;
  };
  const all = (token: string) =>
    Promise.all(["read", "send", "manage"].map((action) => may(token, `chat:${chat}`, action)));
  assert.deepEqual(await all(ann.token), [true, true, true], "the owner");
  assert.deepEqual(await all(bob.token), [true, false, false], "a reader");
  assert.deepEqual(await all(eve.token), [false, false, false], "a stranger");
  assert.deepEqual(await all(reader.key), [true, false, false], "a key with the scope to read");
  assert.deepEqual(await all(muted.key), [true, false, true], "a key that the chat forbids to send");
  assert.deepEqual(await all("nonsense"), [false, false, false]);
  const nothing = [
    ["chat:999999", "read"],
    ["chat:0", "read"],
    [`chat:${"9".repeat(16)}`, "read"],
    [`chat:${chat}x`, "read"],
    [`chat:${chat}`, "write"],
    [`chat:${chat}`, "constructor"],
  ] as const;
  for (const [resource, action] of nothing)
    assert.equal(await may(ann.token, resource, action), false, resource);
});

test("[A5] a role is what Postgres says, whatever the token says, as soon as the change is heard of", async (t) => {
  const app = await open(t);
  const ann = await app.person();
  const may = async () => {
    const asked = { token: ann.token, resource: "cluster", action: "manage" };
    return (await app.call("POST", "/v1/auth/check", { token: ann.token, body: asked })).body.allowed;
  };
  assert.equal(await may(), false);
  const version = await setRole(app.store, ann.id, "operator");
  assert.equal(await may(), false, "not heard of yet");
  app.learn(version ?? 0);
  assert.equal(await may(), true);
  app.learn((await setRole(app.store, ann.id, "member")) ?? 0);
  assert.equal(await may(), false);
});
