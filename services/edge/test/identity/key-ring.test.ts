import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type ApiKeys, openApiKeys } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { endApiKey, insertApiKey, insertUser, openStore } from "@rookery/store";
import { openKeyRing } from "../../src/identity/key-ring.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "key ring test", connectionsMax: 2, log });
const apiKeys = openApiKeys();
const user = await insertUser(store, {
  username: "ann",
  email: null,
  displayName: "Ann",
  passwordHash: null,
  role: "member",
  isBot: false,
  createdMs: 1,
});
after(async () => {
  await store.end();
  await database.close();
});

async function makeKey() {
  const { key, prefix, digest } = await apiKeys.create();
  const { row } = await insertApiKey(store, {
    userId: user.id,
    prefix,
    digest,
    name: "bot",
    scopes: ["chats:read"],
    rateLimit: 60,
    createdMs: 1,
    expiresMs: null,
    requestUuid: null,
  });
  return { id: row.id, key };
}

function openRing(verify: ApiKeys["verify"] = (key, digest) => apiKeys.verify(key, digest)) {
  const clock = { nowMs: 1_000 };
  const proofs: string[] = [];
  const limits = { take: async () => ({ allowed: true, retryMs: 0, counted: [] }) };
  const ring = openKeyRing({
    store,
    apiKeys: {
      verify: async (key, digest) => {
        proofs.push(key);
        return verify(key, digest);
      },
    },
    limits,
    now: () => clock.nowMs,
    log,
  });
  return { ring, proofs, clock };
}

test("[A4] a key is proven once in a while, right or wrong, and once for all who ask at the same time", async () => {
  const { id, key } = await makeKey();
  const { ring, proofs, clock } = openRing();
  const asked = await Promise.all(Array.from({ length: 20 }, () => ring.prove(key, "here")));
  assert.ok(asked.every((principal) => principal?.keyId === id && principal.rateLimit === 60));
  assert.equal(proofs.length, 1);
  const wrong = key.slice(0, 16) + "w".repeat(43);
  for (let count = 0; count < 3; count++) assert.equal(await ring.prove(wrong, "here"), null);
  assert.equal(proofs.length, 2);
  assert.equal(await ring.prove(`rk_aaaaaaaaaaaa_${"w".repeat(43)}`, "here"), null);
  assert.equal(proofs.length, 2, "nobody's prefix is not computed for");
  clock.nowMs += 30_000;
  await ring.prove(key, "here");
  assert.equal(proofs.length, 3);
  await ring.close();
});

test("[A4] a key revoked while it is being proven is none, then or later", async () => {
  const { id, key } = await makeKey();
  const { ring } = openRing(async (presented, digest) => {
    const proven: boolean = await apiKeys.verify(presented, digest);
    // The row was read before; the word comes before the proof is done.
    await endApiKey(store, { id, userId: null, nowMs: 2, isDeleted: false });
    ring.forget([id]);
    return proven;
  });
  assert.equal(await ring.prove(key, "here"), null);
  assert.equal(await ring.prove(key, "here"), null);
  await ring.close();
});
