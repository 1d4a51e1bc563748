import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import type { PresenceNote } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { insertUser, openStore } from "@rookery/store";
import { addPresence } from "../../src/identity/user-presence.ts";

const database = await openTestDatabase();
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "presence test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});
const profile = { email: null, displayName: "A", passwordHash: null, isBot: false, createdMs: 1 } as const;
const ada = await insertUser(store, { ...profile, username: "ada", role: "member" });
const bob = await insertUser(store, { ...profile, username: "bob", role: "member" });
const rest = { username: "ada", displayName: "A", isBot: false, language: null, specialisation: null };

const see = (note: PresenceNote | null, askerId = ada.id, lastSeen: number | null = 50) =>
  addPresence({ store, presence: { noteOf: async () => note } }, askerId, { id: ada.id, lastSeen, ...rest });

test("[C8] how somebody is now is told to whom it may concern, with the later of both last seen", async () => {
  assert.deepEqual(await see([ada.id, "online", null]), {
    id: ada.id,
    lastSeen: 50,
    status: "online",
    ...rest,
  });
  assert.equal((await see([ada.id, "offline", 70])).lastSeen, 70);
  assert.equal((await see([ada.id, "offline", 30])).lastSeen, 50);
  assert.equal((await see([ada.id, "offline", 30], ada.id, null)).lastSeen, 30);
});

test("[C8] without an answer, or to a stranger, nothing is said of it", async () => {
  assert.equal("status" in (await see(null)), false);
  assert.equal("status" in (await see([ada.id, "online", null], bob.id)), false);
});
