import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test, type TestContext } from "node:test";
import { ensureTelegramUser, listAudit, setRole, setUserDisabled } from "@rookery/store";
import { type Answer, type IdentityApp, openIdentityApp } from "../../identity/identity-app.ts";

const dayMs = 86_400_000;

/** A cluster with bots: one of an administrator, two of others. */
async function openBots(t: TestContext) {
  const app = await openIdentityApp(t);
  const bots: Record<string, { token: string; owner: Answer["body"] }> = {};
  for (const [index, name] of ["house", "shop", "rival"].entries()) {
    const body = { email: app.email(), password: "correct horse" };
    const owner = (await app.call("POST", "/v1/auth/register", { body })).body;
    const token = `${1_000 + index}:secret-of-${name}`;
    const bot = { username: `${name}_bot`, displayName: name, mode: "webhook", token };
    const made = await app.call("POST", "/v1/bots", { token: owner.accessToken, body: bot });
    assert.equal(made.status, 201);
    bots[name] = { token, owner };
  }
  await setRole(app.store, bots["house"]?.owner.user.id, "admin");
  const tokenOf = (name: string) => bots[name]?.token ?? assert.fail(name);
  let queries = 0;

  const initData = (name: string, id: number, more: { firstName?: string; ageMs?: number } = {}) => {
    const fields: Record<string, string> = {
      auth_date: String(Math.floor((app.clock.nowMs - (more.ageMs ?? 0)) / 1_000)),
      query_id: `q${++queries}`,
      user: JSON.stringify({ id, first_name: more.firstName ?? "Tina", language_code: "de" }),
    };
    const checked = Object.keys(fields).toSorted();
    const key = createHmac("sha256", "WebAppData").update(tokenOf(name)).digest();
    const text = checked.map((field) => `${field}=${fields[field]}`).join("\n");
    const hash = createHmac("sha256", key).update(text).digest("hex");
    return new URLSearchParams({ ...fields, hash }).toString();
  };
  const send = (name: string, data: string, token?: string) =>
    app.call("POST", "/v1/auth/telegram?refresh=body", {
      body: { initData: data, botUsername: `${name}_bot` },
      ...(token === undefined ? {} : { token }),
    });
  const enter = (name: string, id: number, more: Parameters<typeof initData>[2] = {}) =>
    send(name, initData(name, id, more));
  return { app, bots, initData, tokenOf, send, enter };
}

async function lives(app: IdentityApp, refreshToken: string): Promise<boolean> {
  return (await app.call("POST", "/v1/auth/refresh", { body: { refreshToken } })).status === 200;
}

test("[A7] a Mini App logs in: the account is made at first sight and is the same from then on", async (t) => {
  const { app, enter, send, initData } = await openBots(t);
  const first = await enter("house", 77);
  assert.equal(first.status, 200, JSON.stringify(first.body));
  assert.deepEqual(
    [first.body.user.displayName, first.body.user.language, first.body.user.email, first.body.tokenType],
    ["Tina", "de", null, "Bearer"],
  );
  const again = await enter("house", 77, { firstName: "Christina" });
  assert.equal(again.body.user.id, first.body.user.id);
  assert.equal(again.body.user.displayName, "Christina");
  assert.ok(await lives(app, again.body.refreshToken));
  const found = await app.call("GET", "/v1/users?telegramId=77", { token: again.body.accessToken });
  assert.deepEqual(found.body.items[0].id, first.body.user.id);
  const named = await send("HOUSE", initData("house", 77));
  assert.equal(named.body.user.id, first.body.user.id, "usernames are compared as people do");
  const patched = { displayName: "Tina T" };
  await app.call("PATCH", "/v1/users/me", { token: named.body.accessToken, body: patched });
  const later = await enter("house", 77, { firstName: "Tinchen" });
  assert.equal(later.body.user.displayName, "Tina T", "a name of one's own stays");
});

test("[A7] the Login Widget logs the same person in, with numbers as numbers or as text", async (t) => {
  const bots = await openBots(t);
  const mini = await bots.enter("house", 78);
  const key = createHash("sha256").update(bots.tokenOf("house")).digest();
  const at = bots.app.clock.nowMs / 1_000;
  for (const [id, authDate, username] of [
    [78, at, "tina"],
    ["78", String(at), "tina2"],
  ]) {
    const checked = `auth_date=${authDate}\nfirst_name=Tina\nid=${id}\nusername=${username}`;
    const hash = createHmac("sha256", key).update(checked).digest("hex");
    const body = {
      id,
      first_name: "Tina",
      username,
      auth_date: authDate,
      hash,
      botUsername: "@house_bot",
      more: 1,
    };
    const answer = await bots.app.call("POST", "/v1/auth/telegram", { body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.user.id, mini.body.user.id);
    assert.ok(answer.cookie);
  }
});

test("[A7] a proof is used once, also by eight at once, and is old after a day", async (t) => {
  const bots = await openBots(t);
  const data = bots.initData("house", 79);
  const answers = await Promise.all(Array.from({ length: 8 }, () => bots.send("house", data)));
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, ...Array(7).fill(401)],
  );
  bots.app.clock.nowMs += dayMs - 2_000;
  assert.equal(
    (await bots.send("house", data)).status,
    401,
    "it is remembered for as long as it could be used",
  );
  assert.equal((await bots.enter("house", 79, { ageMs: dayMs - 1_000 })).status, 200);
  const stale = await bots.enter("house", 79, { ageMs: dayMs });
  assert.deepEqual([stale.status, stale.body.code], [401, "bad_credentials"]);
  const events = await listAudit(bots.app.store, { userId: null, kind: "telegram_login_failed", limit: 20 });
  assert.deepEqual([...new Set(events.map(({ detail }) => detail?.["reason"]))], ["used", "stale"]);
  assert.doesNotMatch(JSON.stringify(events), /hash|secret/);
});

test("[A7] what another bot signed, nobody signed or is no proof at all lets nobody in", async (t) => {
  const bots = await openBots(t);
  const foreign = await bots.send("house", bots.initData("shop", 80));
  assert.deepEqual([foreign.status, foreign.body.code], [401, "bad_credentials"]);
  const changed = await bots.send("house", bots.initData("house", 80).replace("Tina", "Anna"));
  assert.equal(changed.status, 401);
  assert.equal((await bots.send("none", bots.initData("house", 80))).status, 404);
  const call = (body: object) => bots.app.call("POST", "/v1/auth/telegram", { body });
  assert.equal((await call({ initData: bots.initData("house", 80) })).status, 404, "there are several bots");
  for (const body of [{}, { initData: "" }, { initData: 5 }, { id: 5 }, { botUsername: "house_bot" }]) {
    assert.deepEqual((await call(body)).body.code, "invalid", JSON.stringify(body));
  }
  assert.equal((await bots.app.store.query("select from telegram_user")).rowCount, 0);
});

test("[A7] a bot of anybody's lets in only whom no other owner's bot knows; an administrator's lets in all", async (t) => {
  const bots = await openBots(t);
  const { app } = bots;
  const shop = await bots.enter("shop", 81);
  assert.equal(shop.status, 200, "first seen by the shop's bot");
  assert.equal((await bots.enter("shop", 81)).body.user.id, shop.body.user.id);
  const rival = await bots.enter("rival", 81);
  assert.deepEqual([rival.status, rival.body.code], [403, "forbidden"]);
  assert.ok(await lives(app, shop.body.refreshToken), "a refused attempt harms nobody");

  const house = await bots.enter("house", 81);
  assert.equal(house.body.user.id, shop.body.user.id);
  assert.ok(!(await lives(app, shop.body.refreshToken)), "what the shop's bot opened by itself has ended");
  assert.equal((await bots.enter("shop", 81)).status, 403);
  assert.ok(await lives(app, house.body.refreshToken));

  // The victim is known from the house's bot: a message is enough.
  const profile = {
    telegramId: 82,
    isBot: false,
    firstName: "V",
    lastName: null,
    username: null,
    language: null,
  };
  await ensureTelegramUser(app.store, profile, { ownerId: bots.bots["house"]?.owner.user.id, nowMs: 1 });
  assert.equal((await bots.enter("rival", 82)).status, 403);
  assert.equal((await bots.enter("house", 82)).status, 200);
});

test("[A7] with an access token the Telegram account becomes that user's; by an administrator's bot only", async (t) => {
  const bots = await openBots(t);
  const { app } = bots;
  const registered = await app.call("POST", "/v1/auth/register", {
    body: { email: app.email(), password: "correct horse", displayName: "Ada" },
  });
  const { user, accessToken } = registered.body;
  const refused = await bots.send("shop", bots.initData("shop", 83), accessToken);
  assert.equal(refused.status, 403);
  const linked = await bots.send("house", bots.initData("house", 83), accessToken);
  assert.deepEqual([linked.status, linked.body.user.id, linked.body.user.displayName], [200, user.id, "Ada"]);
  assert.equal((await bots.enter("house", 83)).body.user.id, user.id);
  assert.equal((await bots.send("house", bots.initData("house", 83), accessToken)).status, 200);
  const second = await bots.send("house", bots.initData("house", 84), accessToken);
  assert.deepEqual([second.status, second.body.code], [409, "conflict"]);
  const expired = await bots.send("house", bots.initData("house", 85), "not.a.token");
  assert.equal(expired.status, 401, "whoever means to link is not given another account");
  const kinds = (await listAudit(app.store, { userId: user.id, kind: null, limit: 20 })).map(
    ({ kind }) => kind,
  );
  assert.deepEqual(kinds.slice(-4), [
    "telegram_linked",
    "telegram_login",
    "telegram_login",
    "telegram_login",
  ]);

  await setUserDisabled(app.store, user.id, app.clock.nowMs);
  assert.deepEqual((await bots.enter("house", 83)).body.code, "bad_credentials");
});
