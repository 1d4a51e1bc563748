/** All of an edge's identity on real servers: what only its parts together do. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeSigningKey } from "@rookery/auth";
import { openBus } from "@rookery/bus";
import { openCache } from "@rookery/cache";
import { natsUrl, openTestDatabase, redisUrl, until } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { endSession, insertApiKey, insertSession, insertUser, openStore, setRole } from "@rookery/store";
import { openIdentity } from "../../src/identity/identity.ts";
import type { SocketServer } from "../../src/socket/server.ts";

const withinMs = 20_000;

test("[A3] [A4] what ends or changes elsewhere is found by an edge itself; closing without Postgres is no error", async (t) => {
  const warnings: string[] = [];
  const log = openLog("test", { LOG_LEVEL: "silent" });
  Object.assign(log, { warn: (_details: unknown, said: string) => warnings.push(said) });
  const folder = await mkdtemp(join(tmpdir(), "rookery-identity-"));
  const database = await openTestDatabase();
  const store = openStore({ url: database.url, name: "identity test", connectionsMax: 3, log });
  const bus = await openBus({ url: await natsUrl(), name: "identity test", log });
  const cache = openCache({ url: await redisUrl(), log, name: "identity test" });
  let close = async (): Promise<void> => {};
  t.after(async () => {
    await close();
    await bus.close();
    await cache.close();
    await rm(folder, { recursive: true, force: true });
    await database.close();
  });
  const file = join(folder, "jwt.pem");
  await writeFile(file, makeSigningKey());
  const profile = { email: null, displayName: "A", passwordHash: null, isBot: false, createdMs: 1 } as const;
  const ada = await insertUser(store, { ...profile, username: "ada", role: "member" });
  let ended = 0;
  const connections = new Set();
  const sockets = new Proxy({} as SocketServer, {
    get: (_target, name) => {
      ended += 1;
      return name === "connections" ? connections : () => undefined;
    },
  });
  const identity = await openIdentity({
    env: { JWT_PRIVATE_KEY_FILE: file },
    store,
    bus,
    cache,
    limits: { take: async () => ({ allowed: true, retryMs: 0, counted: [] }) },
    auditDays: 1,
    sockets: () => sockets,
    log,
  });

  close = async () => {
    close = async () => {};
    // What is still to be written cannot be.
    await store.end();
    await identity.close();
  };

  const [nowMs, digest] = [Date.now(), Buffer.alloc(32, 1)];
  const place = { userAgent: null, address: null };
  const session = await insertSession(store, {
    userId: ada.id,
    nowMs,
    expiresMs: nowMs + 900_000,
    digest,
    ...place,
  });
  assert.ok(session);
  const { token } = await identity.tokens.sign({ userId: ada.id, sessionId: session.id, roles: [] }, nowMs);
  assert.equal((await identity.tokens.verify(token, nowMs)).kind, "valid");
  await endSession(store, ada.id, session.id, { nowMs: Date.now(), reason: "revoked" });
  await until(async () => (await identity.tokens.verify(token, nowMs)).kind === "ended", { withinMs });
  assert.ok(ended > 0, "its sockets were looked for");

  const made = await identity.apiKeys.create();
  await insertApiKey(store, {
    userId: ada.id,
    prefix: made.prefix,
    digest: made.digest,
    name: "bot",
    scopes: ["chats:read"],
    rateLimit: 60,
    createdMs: 1,
    expiresMs: null,
    requestUuid: null,
  });
  assert.equal((await identity.authentication.prove(made.key, "here")).userId, ada.id);

  assert.equal((await identity.access.grantsOf(ada.id))?.role, "member");
  await setRole(store, ada.id, "operator");
  await until(async () => (await identity.access.grantsOf(ada.id))?.role === "operator", { withinMs });

  await close();
  assert.ok(warnings.includes("last uses were not written"), warnings.join());
});
