import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test, type TestContext } from "node:test";
import { openTokens, type Tokens } from "@rookery/auth";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { endSession, insertSession, insertUser, openStore } from "@rookery/store";
import { openEndedSessions } from "../../src/identity/ended-sessions.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const tokenLifeMs = 900_000;

async function openSessions(t: TestContext) {
  const database = await openTestDatabase();
  const store = openStore({ url: database.url, name: "ended test", connectionsMax: 2, log });
  t.after(async () => {
    await store.end();
    await database.close();
  });
  const { id: userId } = await insertUser(store, {
    username: "ada",
    email: null,
    displayName: "Ada",
    passwordHash: null,
    role: "member",
    isBot: false,
    createdMs: 1,
  });
  let opened = 0;
  return {
    store,
    open: async () => {
      const session = await insertSession(store, {
        userId,
        nowMs: Date.now(),
        expiresMs: Date.now() + 7 * tokenLifeMs,
        userAgent: null,
        address: null,
        digest: Buffer.alloc(32, ++opened),
      });
      assert.ok(session);
      return session.id;
    },
    end: (id: number, nowMs = Date.now()) => endSession(store, userId, id, { nowMs, reason: "revoked" }),
  };
}

test("[A3] a session that ended unheard is found in Postgres within seconds, told once, and its tokens are told as ended", async (t) => {
  const sessions = await openSessions(t);
  const [lives, early, long, late] = [
    await sessions.open(),
    await sessions.open(),
    await sessions.open(),
    await sessions.open(),
  ];
  await sessions.end(early);
  // All its tokens have ended too.
  await sessions.end(long, Date.now() - 2 * tokenLifeMs);
  const found: number[] = [];
  const ended = openEndedSessions({
    store: sessions.store,
    tokenLifeMs,
    now: Date.now,
    onFound: (ids) => found.push(...ids),
    log,
  });
  t.after(() => ended.close());
  await until(() => found.length > 0, { withinMs: 5_000 });
  assert.deepEqual(found, [early]);

  const told = await sessions.open();
  ended.note([told]);
  await sessions.end(told);
  await sessions.end(late);
  await until(() => found.length > 1, { withinMs: 5_000 });
  assert.deepEqual(found, [early, late]);
  assert.deepEqual(
    [lives, early, long, late, told].map((id) => ended.has(id)),
    [false, true, false, true, true],
  );

  const used: number[] = [];
  const whole = { userId: 1, keyId: null, roles: [], scopes: null, rateLimit: null, expiresMs: 1 };
  const asked: Tokens = {
    lifeMs: tokenLifeMs,
    jwks: { keys: [] },
    refresh: () => Promise.resolve(true),
    sign: () => Promise.reject(new Error("no signing in this test")),
    verify: (token) => {
      if (token === "expired") return Promise.resolve({ kind: "expired" });
      const sessionId = token === "key" ? null : Number(token);
      return Promise.resolve({ kind: "valid", principal: { ...whole, sessionId } });
    },
  };
  const guarded = ended.guard(asked, (id) => used.push(id));
  const kinds = await Promise.all(
    [String(lives), String(early), String(late), "key", "expired"].map((token) => guarded.verify(token, 1)),
  );
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ["valid", "ended", "ended", "valid", "expired"],
  );
  assert.deepEqual(used, [lives]);
  // The rest of it is the tokens' own.
  assert.equal(await guarded.refresh(), true);
  assert.equal(guarded.jwks, asked.jwks);
  await assert.rejects(guarded.sign({ userId: 1, sessionId: 1, roles: [] }, 1), /no signing/);
});

test("[L7] of more ended sessions than a page holds all are found, a page at a time", async (t) => {
  const { store } = await openSessions(t);
  const nowMs = Date.now();
  const { rows } = await store.query<{ readonly id: number }>(
    `insert into session (user_id, created_ms, refreshed_ms, expires_ms, ended_ms, end_reason)
     select 1, $1::bigint, $1::bigint, $1::bigint, $1::bigint, 'revoked' from generate_series(1, 2500) returning id`,
    [nowMs],
  );
  const pages: number[] = [];
  const ended = openEndedSessions({
    store,
    tokenLifeMs,
    now: Date.now,
    onFound: (ids) => pages.push(ids.length),
    log,
  });
  t.after(() => ended.close());
  await until(() => pages.length === 3, { withinMs: 10_000 });
  assert.deepEqual(pages, [1_000, 1_000, 500]);
  assert.ok(rows.every(({ id }) => ended.has(id)));
});

test("an end is forgotten when the last token of its session has ended", async (t) => {
  const { store } = await openSessions(t);
  let nowMs = Date.now();
  const ended = openEndedSessions({ store, tokenLifeMs, now: () => nowMs, onFound: () => {}, log });
  t.after(() => ended.close());
  ended.note([1]);
  nowMs += tokenLifeMs;
  ended.note([2]);
  assert.deepEqual(
    [1, 2].map((id) => ended.has(id)),
    [true, true],
  );
  nowMs += 70_000;
  ended.note([3]);
  assert.deepEqual(
    [1, 2, 3].map((id) => ended.has(id)),
    [false, true, true],
  );
});

test("while Postgres is away what was told still counts; what was missed is found when it is back", async (t) => {
  const sessions = await openSessions(t);
  let away = true;
  const found: number[] = [];
  const ended = openEndedSessions({
    store: new Proxy(sessions.store, {
      get: (store, name) =>
        name === "query" && away ? () => Promise.reject(new Error("away")) : Reflect.get(store, name),
    }),
    tokenLifeMs,
    now: Date.now,
    onFound: (ids) => found.push(...ids),
    log,
  });
  t.after(() => ended.close());
  ended.note([999]);
  const id = await sessions.open();
  await sessions.end(id);
  assert.ok(ended.has(999));
  away = false;
  await until(() => found.length > 0, { withinMs: 5_000 });
  assert.deepEqual(found, [id]);
});

test("a token that was just found good, and is remembered, is told as ended once its session is", async (t) => {
  const sessions = await openSessions(t);
  const ended = openEndedSessions({
    store: sessions.store,
    tokenLifeMs,
    now: Date.now,
    onFound: () => undefined,
    log,
  });
  t.after(() => ended.close());
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const tokens = ended.guard(await openTokens({ privateKeyPem }), () => undefined);
  const sessionId = await sessions.open();
  const { token } = await tokens.sign({ userId: 1, sessionId, roles: ["member"] }, Date.now());
  for (let n = 0; n < 3; n++) assert.equal((await tokens.verify(token, Date.now())).kind, "valid");
  ended.note([sessionId]);
  assert.equal((await tokens.verify(token, Date.now())).kind, "ended");
});
