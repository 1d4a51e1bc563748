import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { audit, insertSession, insertUser, listAudit, openStore } from "@rookery/store";
import { startIdentitySweep } from "../../src/identity/sweep.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const dayMs = 86_400_000;

test("[L7] expired sessions and events beyond their retention are swept every minute, and nothing else", async (t) => {
  const database = await openTestDatabase();
  const store = openStore({ url: database.url, name: "sweep test", connectionsMax: 2, log });
  t.mock.timers.enable({ apis: ["setInterval"] });
  const nowMs = 1_800_000_000_000;
  const stop = startIdentitySweep({ store, auditDays: 2, now: () => nowMs, log });
  t.after(async () => {
    stop();
    t.mock.timers.reset();
    await store.end();
    await database.close();
  });
  const profile = { email: null, displayName: "Ada", passwordHash: null, isBot: false } as const;
  const user = await insertUser(store, { ...profile, username: "ada", role: "member", createdMs: 1 });
  for (const [byte, expiresMs] of [
    [1, nowMs - 1],
    [2, nowMs + 1],
  ] as const) {
    const session = {
      userId: user.id,
      expiresMs,
      userAgent: null,
      address: null,
      digest: Buffer.alloc(32, byte),
    };
    // Opened before either has expired: a login sweeps its own user's.
    await insertSession(store, { ...session, nowMs: nowMs - 10 });
  }
  for (const ageDays of [3, 2, 1])
    await audit(store, { kind: "login", atMs: nowMs - ageDays * dayMs, userId: null });
  const countSessions = async () => (await store.query("select from session")).rowCount;
  assert.equal(await countSessions(), 2);
  t.mock.timers.tick(60_000);
  const events = () => listAudit(store, { userId: null, kind: null, limit: 9 });
  await until(async () => (await countSessions()) === 1 && (await events()).length === 2, {
    withinMs: 5_000,
  });
  assert.deepEqual(
    (await events()).map(({ atMs }) => atMs),
    [nowMs - 2 * dayMs, nowMs - dayMs],
  );
});

test("a sweep that fails is told, and the next one comes all the same", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const warnings: string[] = [];
  const told = openLog("test", { LOG_LEVEL: "silent" });
  Object.assign(told, { warn: (_details: unknown, said: string) => warnings.push(said) });
  const store = { query: () => Promise.reject(new Error("away")) } as unknown as ReturnType<typeof openStore>;
  const stop = startIdentitySweep({ store, auditDays: 1, now: () => 1, log: told });
  t.after(stop);
  for (const count of [1, 2]) {
    t.mock.timers.tick(60_000);
    await until(() => warnings.length === count, { withinMs: 5_000 });
  }
});
