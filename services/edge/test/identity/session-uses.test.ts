import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { insertSession, insertUser, listSessions, openStore } from "@rookery/store";
import { openSessionUses } from "../../src/identity/session-uses.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });

test("uses of a session are written together, once a minute, at once when it is used elsewhere or named", async (t) => {
  const database = await openTestDatabase();
  const store = openStore({ url: database.url, name: "uses test", connectionsMax: 2, log });
  t.after(async () => {
    await store.end();
    await database.close();
  });
  const profile = { email: null, displayName: "Ada", passwordHash: null, isBot: false } as const;
  const user = await insertUser(store, { ...profile, username: "ada", role: "member", createdMs: 1 });
  let nowMs = 1_800_000_000_000;
  const opened = await insertSession(store, {
    userId: user.id,
    nowMs,
    expiresMs: nowMs * 2,
    userAgent: null,
    address: "192.0.2.1",
    digest: Buffer.alloc(32),
  });
  assert.ok(opened);
  const { id } = opened;
  const nowhere = { address: null, device: null };
  /** What is stored after these uses, each so many ms after the one before. */
  const after = async (...uses: [number, Parameters<typeof open.note>[1]][]) => {
    for (const [laterMs, use] of uses) {
      nowMs += laterMs;
      open.note(id, use);
    }
    await open.close();
    const [row] = await listSessions(store, user.id, { nowMs, beforeId: 2 ** 52, limit: 1 });
    return [row?.usedMs, row?.address, row?.device];
  };
  const open = openSessionUses({ store, now: () => nowMs, log });
  const startMs = nowMs;
  assert.deepEqual(await after([1, nowhere], [10, nowhere]), [startMs + 1, "192.0.2.1", null]);
  assert.deepEqual(await after([10, nowhere]), [startMs + 1, "192.0.2.1", null], "written a moment ago");
  const phone = { address: "192.0.2.2", device: "phone" };
  assert.deepEqual(await after([10, phone], [10, nowhere]), [startMs + 31, "192.0.2.2", "phone"]);
  assert.deepEqual(await after([60_000, nowhere]), [nowMs, "192.0.2.2", "phone"]);
});

test("uses that cannot be written are told, and the next use says them again", async () => {
  let written: string[] = [];
  let away = true;
  const store = {
    query: async (query: { readonly name?: string }) => {
      if (away) throw new Error("away");
      written = [...written, query.name ?? ""];
      return { rows: [] };
    },
  } as unknown as Parameters<typeof openSessionUses>[0]["store"];
  const warnings: string[] = [];
  const told = openLog("test", { LOG_LEVEL: "silent" });
  Object.assign(told, { warn: (_details: unknown, said: string) => warnings.push(said) });
  const uses = openSessionUses({ store, now: () => 1_000, log: told });
  const here = { address: "192.0.2.1", device: null };
  uses.note(1, here);
  await uses.close();
  assert.equal(warnings.length, 1);
  away = false;
  uses.note(1, here);
  await uses.close();
  assert.equal(written.length, 1);
});
