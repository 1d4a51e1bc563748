import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Principal } from "@rookery/auth";
import { openTestDatabase } from "@rookery/kit";
import { Fault } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { insertUser, openStore, setRole } from "@rookery/store";
import { openAccess, type StoredGrants } from "../../src/identity/access.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "access test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});

const profile = { email: null, displayName: "A", passwordHash: null, isBot: false, createdMs: 1 } as const;
const ada = await insertUser(store, { ...profile, username: "ada", role: "member" });
const root = await insertUser(store, { ...profile, username: "root", role: "admin" });
const nobody = 999_999;

const asks = (userId: number, scopes: readonly string[] | null = null): Principal => ({
  userId,
  sessionId: null,
  keyId: scopes === null ? null : 1,
  roles: [],
  scopes,
  rateLimit: null,
  expiresMs: Number.POSITIVE_INFINITY,
});

function openHere() {
  const shared = new Map<string, StoredGrants>();
  const clock = { nowMs: 1_000 };
  const access = openAccess({
    store,
    entries: {
      read: async (keys) => keys.map((key) => shared.get(key)),
      write: async (entries) => {
        for (const [key, value] of entries) shared.set(key, value);
      },
    },
    now: () => clock.nowMs,
  });
  return { access, shared, clock };
}

const refusal = (code: string, said: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault);
  assert.equal(error.code, code);
  assert.match(error.message, said);
  return true;
};

test("[A5] what is missing is named: the role's permission, the key's scope, or the account", async () => {
  const { access } = openHere();
  await access.demand(asks(ada.id), "messages:write");
  await access.demand(asks(ada.id, ["messages:write"]), "messages:write");
  const demands = [
    [asks(ada.id), "cluster:manage", "forbidden", /needs the permission cluster:manage/],
    [asks(ada.id, ["chats:read"]), "messages:write", "forbidden", /lacks the scope messages:write/],
    [asks(nobody), "messages:write", "unauthorized", /the account is gone/],
  ] as const;
  for (const [who, permission, code, said] of demands) {
    await assert.rejects(access.demand(who, permission), refusal(code, said));
    assert.equal(await access.may(who, permission), false);
  }
  assert.equal(await access.may(asks(root.id), "cluster:manage"), true);
  assert.equal(await access.grantsOf(nobody), null);
});

test("[A6] what an edge or Redis knows is good until somebody's rights change", async () => {
  const { access, shared, clock } = openHere();
  assert.equal((await access.grantsOf(ada.id))?.role, "member");
  const kept = shared.get(String(ada.id));
  assert.ok(kept);
  // Another edge had read what is in Redis; this one believes it while it hears of nothing newer.
  shared.set(String(ada.id), { ...kept, role: "operator" });
  assert.equal((await access.grantsOf(ada.id))?.role, "member", "known here");
  clock.nowMs += 31_000;
  assert.equal((await access.grantsOf(ada.id))?.role, "operator", "known in Redis");
  const version = await setRole(store, ada.id, "service");
  assert.ok(version !== null);
  assert.equal((await access.grantsOf(ada.id))?.role, "operator");
  assert.equal(access.learn(version), true);
  assert.equal(access.learn(version), false, "no news");
  assert.equal((await access.grantsOf(ada.id))?.role, "service");
  await setRole(store, ada.id, "member");
});

test("rights of many are looked up at once, past what is known, and who is gone has none", async () => {
  const { access } = openHere();
  const found = await access.grantsOfAll([ada.id, root.id, nobody]);
  assert.equal(found.size, 2);
  assert.deepEqual([found.get(ada.id)?.role, found.get(root.id)?.role], ["member", "admin"]);
  assert.ok(found.get(ada.id)?.permissions.has("messages:write"));
});

test("rights of those who come together are looked up together, each their own", async () => {
  let asked = 0;
  const access = openAccess({
    store,
    entries: {
      read: async (keys) => {
        asked += 1;
        return keys.map(() => undefined);
      },
      write: async () => {},
    },
    now: () => 1_000,
  });
  const found = await Promise.all([ada.id, nobody, root.id, ada.id].map((id) => access.grantsOf(id)));
  assert.deepEqual(
    found.map((grants) => grants?.role),
    ["member", undefined, "admin", "member"],
  );
  assert.equal(asked, 1);
});
