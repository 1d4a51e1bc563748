import assert from "node:assert/strict";
import { test } from "node:test";
import { audit, followAudit, inTransaction, listAudit, sweepAudit } from "../../../src/mod.ts";
import { openTestStore } from "../../cluster.ts";

const { store } = await openTestStore();
const nowMs = 1_800_000_000_000;
const all = { userId: null, kind: null, limit: 100 };

test("an event is kept as it was told, and found by its user and kind", async () => {
  const detail = { reason: "stolen", count: 2 };
  const places = { sessionId: 7, keyId: 8, address: "192.0.2.1", requestId: "r-1" };
  await audit(store, { kind: "session_revoked", atMs: nowMs, userId: 5, actorId: 6, ...places, detail });
  await audit(store, { kind: "login_failed", atMs: nowMs + 1, userId: null });
  await audit(store, { kind: "login", atMs: nowMs + 2, userId: 5 });
  const [first, second, third] = await listAudit(store, all);
  const { id, ...told } = first ?? { id: 0 };
  assert.deepEqual(told, { kind: "session_revoked", atMs: nowMs, userId: 5, actorId: 6, ...places, detail });
  assert.deepEqual([second?.userId, second?.detail, third?.kind], [null, null, "login"]);
  const kinds = (rows: readonly { kind: string }[]) => rows.map(({ kind }) => kind);
  assert.deepEqual(kinds(await listAudit(store, { ...all, userId: 5 })), ["session_revoked", "login"]);
  assert.deepEqual(kinds(await listAudit(store, { ...all, kind: "login_failed" })), ["login_failed"]);
  assert.deepEqual(kinds(await listAudit(store, { ...all, limit: 1 })), ["login"]);
  assert.deepEqual(kinds(await followAudit(store, all, id)), ["login_failed", "login"]);
});

test("what is not committed has not happened", async () => {
  const failing = inTransaction(store, async (db) => {
    await audit(db, { kind: "password_changed", atMs: nowMs, userId: 9 });
    throw new Error("no");
  });
  await assert.rejects(failing, /no/);
  assert.deepEqual(await listAudit(store, { ...all, userId: 9 }), []);
});

test("events are swept when their retention ends, the oldest first, so many at a time", async () => {
  for (const atMs of [10, 30, 20, 40]) await audit(store, { kind: "logout", atMs, userId: 77 });
  const left = async () => (await listAudit(store, { ...all, userId: 77 })).map(({ atMs }) => atMs);
  assert.equal(await sweepAudit(store, { beforeMs: 40, limit: 2 }), 2);
  assert.deepEqual(await left(), [30, 40]);
  assert.equal(await sweepAudit(store, { beforeMs: 40, limit: 2 }), 1);
  assert.equal(await sweepAudit(store, { beforeMs: 40, limit: 2 }), 0);
  assert.deepEqual(await left(), [40]);
});
