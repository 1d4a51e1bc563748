import assert from "node:assert/strict";
import { test } from "node:test";
import { type IdentityApp, openIdentityApp } from "../../identity/identity-app.ts";

async function register(app: IdentityApp, names: Record<string, unknown>) {
  const { body } = await app.call("POST", "/v1/auth/register", {
    body: { email: app.email(), password: "correct horse", ...names },
  });
  return { token: body.accessToken, user: body.user };
}

test("an email address is shown to its owner and to nobody else, on every way to an account", async (t) => {
  const app = await openIdentityApp(t);
  const ada = await register(app, { username: "ada", displayName: "Ada Lovelace" });
  const bob = await register(app, {});
  assert.deepEqual((await app.call("GET", `/v1/users/${ada.user.id}`, { token: ada.token })).body, ada.user);
  const { email: _, ...seen } = ada.user;
  assert.deepEqual((await app.call("GET", `/v1/users/${ada.user.id}`, { token: bob.token })).body, seen);
  const found = await app.call("GET", "/v1/users?query=LOVE", { token: bob.token });
  assert.deepEqual(found.body, { items: [seen], nextCursor: null });
  assert.equal(bob.user.displayName, "New user");
});

test("two changes at once both last, and a taken one is a conflict", async (t) => {
  const app = await openIdentityApp(t);
  const ada = await register(app, { username: "ada", displayName: "Ada" });
  await register(app, { username: "bob" });
  const patch = (body: object) => app.call("PATCH", "/v1/users/me", { token: ada.token, body });
  assert.deepEqual((await patch({ displayName: "Ada L" })).body, { ...ada.user, displayName: "Ada L" });
  for (let n = 0; n < 20; n++) {
    await Promise.all([patch({ username: `ada${n}` }), patch({ displayName: `Ada ${n}` })]);
    const { body } = await app.call("GET", "/v1/users/me", { token: ada.token });
    assert.deepEqual(body, { ...ada.user, username: `ada${n}`, displayName: `Ada ${n}` });
  }
  assert.equal((await patch({ username: "BOB" })).body.code, "username_taken");
  assert.equal((await patch({ username: "" })).body.code, "invalid");
  const unchanged = await patch({ email: "x@y.z", role: "admin", unknown: 1 });
  assert.deepEqual(unchanged.body, { ...ada.user, username: "ada19", displayName: "Ada 19" });
});

test("language and specialisation are seen by all, stay until they are cleared, and find people", async (t) => {
  const app = await openIdentityApp(t);
  const [ada, bob] = [await register(app, { username: "ada" }), await register(app, { username: "bob" })];
  const patch = (token: string, body: object) => app.call("PATCH", "/v1/users/me", { token, body });
  assert.deepEqual((await patch(ada.token, { language: "pt-BR", specialisation: "Roof & tile" })).body, {
    ...ada.user,
    language: "pt-BR",
    specialisation: "Roof & tile",
  });
  await patch(bob.token, { specialisation: "Roof & tile" });
  const { body } = await patch(ada.token, { username: "ada.l" });
  assert.deepEqual([body.username, body.language], ["ada.l", "pt-BR"]);
  const seen = await app.call("GET", `/v1/users/${ada.user.id}`, { token: bob.token });
  assert.deepEqual([seen.body.language, seen.body.specialisation], ["pt-BR", "Roof & tile"]);

  const find = async () => {
    const path = `/v1/users?specialisation=${encodeURIComponent("Roof & tile")}`;
    const found = await app.call("GET", path, { token: bob.token });
    return found.body.items.map(({ username }: { username: string }) => username);
  };
  assert.deepEqual(await find(), ["ada.l", "bob"]);
  assert.equal((await patch(ada.token, { language: null, specialisation: null })).body.language, null);
  assert.deepEqual(await find(), ["bob"]);
  for (const wrong of [
    { language: "" },
    { language: "a" },
    { language: "de_DE" },
    { language: "x".repeat(40) },
    { specialisation: " " },
    { specialisation: "x".repeat(129) },
    { specialisation: 5 },
  ]) {
    assert.equal((await patch(ada.token, wrong)).body.code, "invalid", JSON.stringify(wrong));
  }
});

test("a search goes page by page; what is no search is invalid", async (t) => {
  const app = await openIdentityApp(t);
  const tokens = [];
  for (const n of [1, 2, 3]) tokens.push((await register(app, { username: `finder${n}` })).token);
  const [token] = tokens;
  const names: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const from = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body } = await app.call("GET", `/v1/users?query=finder&limit=2${from}`, { token });
    names.push(...body.items.map((item: { username: string }) => item.username));
    cursor = body.nextCursor;
  }
  assert.deepEqual(names, ["finder1", "finder2", "finder3"]);
  for (const query of [
    "",
    "?query=",
    "?query=a&telegramId=5",
    "?query=a&specialisation=b",
    "?query=a&limit=0",
    "?query=a&limit=101",
    "?query=a&cursor=x",
  ]) {
    const { status, body } = await app.call("GET", `/v1/users${query}`, { token });
    assert.deepEqual([status, body.code], [400, "invalid"], query);
  }
  const none = await app.call("GET", "/v1/users?telegramId=5", { token });
  assert.deepEqual(none.body, { items: [], nextCursor: null });
});

test("without a token nothing is told; an account that is not there is not found", async (t) => {
  const app = await openIdentityApp(t);
  const { token } = await register(app, {});
  for (const path of ["/v1/users/me", "/v1/users/1", "/v1/users?query=a", "/v1/auth/sessions"]) {
    const { status, body } = await app.call("GET", path);
    assert.deepEqual([status, body.code], [401, "unauthorized"], path);
  }
  assert.equal((await app.call("GET", "/v1/users/9007199254740991", { token })).status, 404);
  assert.equal((await app.call("GET", "/v1/users/x", { token })).status, 400);
});
