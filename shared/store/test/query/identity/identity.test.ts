import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import { Fault } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import {
  advanceSession,
  endSession,
  endSessions,
  inTransaction,
  insertSession,
  insertUser,
  knownUserIds,
  listSessions,
  lockSession,
  migrateDown,
  migrateUp,
  openStore,
  readCredential,
  readUser,
  searchUsers,
  sessionLifeMs,
  setPassword,
  setUserDisabled,
  sweepSessions,
  touchSessions,
  updateUser,
} from "../../../src/mod.ts";
import { waitingForLock } from "../../cluster.ts";

const database = await openTestDatabase();
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "identity test", connectionsMax: 8, log });
after(async () => {
  await store.end();
  await database.close();
});

const nowMs = 1_800_000_000_000;

function createUser(names: { username?: string; email?: string; displayName?: string }) {
  return insertUser(store, {
    username: names.username ?? null,
    email: names.email ?? null,
    displayName: names.displayName ?? "Someone",
    passwordHash: "hash",
    role: "member",
    isBot: false,
    createdMs: nowMs,
  });
}

function isFault(code: string) {
  return (error: unknown) => error instanceof Fault && error.code === code;
}

let digests = 0;
async function openSession(userId: number, atMs = nowMs) {
  const digest = Buffer.alloc(32);
  digest.writeUInt32BE(++digests);
  const session = { userId, nowMs: atMs, expiresMs: atMs + 1000, userAgent: "test", address: null, digest };
  const opened = await insertSession(store, session);
  assert.ok(opened);
  return { ...opened, digest };
}

test("an account is found by its names in any case and composition, and reads back as written", async () => {
  const user = await createUser({ username: "Jos\u00e9", email: "Jose@Example.org", displayName: "José P" });
  const byName = await readCredential(store, { kind: "username", username: "JOSE\u0301" });
  const byEmail = await readCredential(store, { kind: "email", email: "jose@example.ORG" });
  assert.deepEqual(byName, { ...user, passwordHash: "hash", requestUuid: null });
  assert.deepEqual(byEmail, byName);
  assert.deepEqual(await readUser(store, user.id), user);
  assert.deepEqual(user, {
    id: user.id,
    username: "José",
    email: "Jose@Example.org",
    displayName: "José P",
    role: "member",
    isBot: false,
    language: null,
    specialisation: null,
    disabledMs: null,
    createdMs: nowMs,
    lastSeenMs: null,
  });
  assert.equal(await readUser(store, 999_999), null);
  assert.deepEqual(await knownUserIds(store, [user.id, 999_999]), [user.id]);
});

test("a name that differs only by spelling is taken, whoever asks and however often at once", async () => {
  const all = await Promise.allSettled(
    ["race@x.org", "RACE@x.org", "Race@X.org", "rACE@x.org"].map((email) => createUser({ email })),
  );
  assert.equal(all.filter((one) => one.status === "fulfilled").length, 1);
  for (const one of all) if (one.status === "rejected") assert.ok(isFault("email_taken")(one.reason));
  await createUser({ username: "Straße" });
  await assert.rejects(createUser({ username: "STRASSE" }), isFault("username_taken"));
  const other = await createUser({ username: "other" });
  await assert.rejects(
    updateUser(store, other.id, { username: "strasse", displayName: "x" }),
    isFault("username_taken"),
  );
});

test("search finds by the beginning of any word of the names, page by page, and no pattern gets through", async () => {
  const ids = [];
  for (let n = 0; n < 5; n++) {
    ids.push((await createUser({ username: `finder_${n}`, displayName: `Zoë Quill ${n}` })).id);
  }
  const find = async (query: string, afterId = 0, limit = 50) =>
    (await searchUsers(store, query, { afterId, limit })).map((user) => user.id);
  assert.deepEqual(await find("FIND"), ids);
  assert.deepEqual(await find("zoe\u0308 qui"), ids);
  assert.deepEqual(await find("quill 3"), [ids[3]]);
  assert.deepEqual(await find("finder_", 0, 2), ids.slice(0, 2));
  assert.deepEqual(await find("finder_", ids[1], 2), ids.slice(2, 4));
  for (const query of ["uill", "%", "_", "'", "nobody' | 'finder':*", "\\", "find & !zoe", ""]) {
    assert.deepEqual(await find(query), [], query);
  }
  await updateUser(store, ids[0] ?? 0, { username: "renamed", displayName: "Nobody" });
  assert.deepEqual(await find("finder"), ids.slice(1));
});

test("a password is replaced only where it is still the one that was checked", async () => {
  const { id } = await createUser({ username: "changer" });
  assert.equal(await setPassword(store, id, { old: "hash", new: "next" }), true);
  assert.equal(await setPassword(store, id, { old: "hash", new: "late" }), false);
  assert.equal((await readCredential(store, { kind: "id", id }))?.passwordHash, "next");
});

test("a session is found by every token it ever had, and knows the newest", async () => {
  const { id: userId } = await createUser({});
  const { id, digest } = await openSession(userId);
  const next = Buffer.alloc(32, 0xee);
  await inTransaction(store, async (connection) => {
    assert.equal((await lockSession(connection, digest))?.generation, 0);
    await advanceSession(connection, id, { digest: next, nowMs: nowMs + 5, expiresMs: nowMs + 2000 });
  });
  const found = {
    id,
    userId,
    generation: 1,
    refreshedMs: nowMs + 5,
    expiresMs: nowMs + 2000,
    endReason: null,
  };
  assert.deepEqual(await lockSession(store, digest), { ...found, tokenGeneration: 0 });
  assert.deepEqual(await lockSession(store, next), { ...found, tokenGeneration: 1 });
  assert.equal(await lockSession(store, Buffer.alloc(32, 1)), null);
});

test("only its user ends a session, and once; ending all spares the one that is kept", async () => {
  const [mine, yours] = [await createUser({}), await createUser({})];
  const [one, two, three] = [
    await openSession(mine.id),
    await openSession(mine.id),
    await openSession(mine.id),
  ];
  const end = { nowMs, reason: "revoked" } as const;
  const list = async () =>
    (await listSessions(store, mine.id, { nowMs, beforeId: 2 ** 52, limit: 50 })).map(
      (session) => session.id,
    );
  assert.equal(await endSession(store, yours.id, one.id, end), false);
  assert.deepEqual(await list(), [three.id, two.id, one.id]);
  assert.equal(await endSession(store, mine.id, one.id, end), true);
  assert.equal(await endSession(store, mine.id, one.id, end), false);
  assert.deepEqual(await endSessions(store, mine.id, three.id, end), [two.id]);
  assert.deepEqual(await list(), [three.id]);
  assert.deepEqual(await endSessions(store, mine.id, null, end), [three.id]);
  assert.deepEqual(await list(), []);
});

test("[L7] a user's sessions are bounded: the longest unused ends, expired ones are swept", async () => {
  const { id: userId } = await createUser({});
  const first = await openSession(userId, nowMs);
  for (let n = 0; n < 99; n++) await openSession(userId, nowMs + 1);
  const list = (atMs: number) => listSessions(store, userId, { nowMs: atMs, beforeId: 2 ** 52, limit: 200 });
  assert.equal((await list(nowMs)).length, 100);
  const last = await openSession(userId, nowMs + 2);
  assert.deepEqual(last.endedIds, [first.id], "whoever opens one is told which ended for it");
  const left = await list(nowMs + 2);
  assert.equal(left.length, 100);
  assert.ok(left.every((session) => session.id !== first.id));
  await openSession(userId, nowMs + 10_000);
  const { rows } = await store.query("select count(*)::int as n from session where user_id = $1", [userId]);
  assert.deepEqual(rows, [{ n: 1 }]);
});

test("an account that is being disabled opens no session behind those that end with it", async () => {
  const { id: userId } = await createUser({});
  const open = (byte: number) =>
    insertSession(store, {
      userId,
      nowMs,
      expiresMs: nowMs + 1_000,
      userAgent: null,
      address: null,
      digest: Buffer.alloc(32, byte),
    });
  assert.ok(await open(0xd1));
  let late: ReturnType<typeof open> | undefined;
  await inTransaction(store, async (db) => {
    assert.equal(await setUserDisabled(db, userId, nowMs), true);
    late = open(0xd2);
    await until(async () => (await waitingForLock(store)) > 0, { withinMs: 5_000 });
    assert.equal((await endSessions(db, userId, null, { nowMs, reason: "disabled" })).length, 1);
  });
  assert.equal(await late, null);
  assert.equal((await listSessions(store, userId, { nowMs, beforeId: 2 ** 52, limit: 9 })).length, 0);
  assert.equal(await setUserDisabled(store, userId, nowMs), false);
  assert.equal(await setUserDisabled(store, userId, null), true);
  assert.ok(await open(0xd3));
});

test("last uses are written together, the newest counts, and what is not told stays", async () => {
  const { id: userId } = await createUser({});
  const [one, two] = [await openSession(userId), await openSession(userId)];
  const none = { address: null, device: null };
  await touchSessions(
    store,
    new Map([
      [two.id, { usedMs: nowMs + 7, address: "192.0.2.1", device: "phone" }],
      [one.id, { usedMs: nowMs + 5, ...none }],
      [2 ** 50, { usedMs: nowMs, ...none }],
    ]),
  );
  await touchSessions(store, new Map([[two.id, { usedMs: nowMs + 6, ...none }]]));
  const list = await listSessions(store, userId, { nowMs, beforeId: 2 ** 52, limit: 9 });
  assert.deepEqual(
    list.map(({ id, usedMs, address, device }) => ({ id, usedMs, address, device })),
    [
      { id: two.id, usedMs: nowMs + 7, address: "192.0.2.1", device: "phone" },
      { id: one.id, usedMs: nowMs + 5, address: null, device: null },
    ],
  );
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => {
      const uses = [one.id, two.id].map((id) => [id, { usedMs: nowMs + n, ...none }] as const);
      return touchSessions(store, new Map(n % 2 === 0 ? uses : uses.toReversed()));
    }),
  );
});

test("[L7] a session that is never left forgets tokens that have outlived it; expired sessions are swept", async () => {
  const { id: userId } = await createUser({});
  const { id, digest } = await openSession(userId);
  const later = nowMs + sessionLifeMs + 1;
  for (const [byte, atMs] of [
    [0xa1, nowMs + 1_000],
    [0xa2, later],
  ] as const) {
    await advanceSession(store, id, { digest: Buffer.alloc(32, byte), nowMs: atMs, expiresMs: later });
  }
  assert.equal(await lockSession(store, digest), null);
  assert.equal((await lockSession(store, Buffer.alloc(32, 0xa1)))?.id, id);
  assert.equal(await sweepSessions(store, { beforeMs: later, limit: 1 }), 1);
  await sweepSessions(store, { beforeMs: later, limit: 1_000 });
  assert.equal((await lockSession(store, Buffer.alloc(32, 0xa2)))?.id, id);
  assert.ok((await sweepSessions(store, { beforeMs: later + 1, limit: 1_000 })) >= 1);
  assert.equal(await lockSession(store, Buffer.alloc(32, 0xa2)), null);
});

test("the schema goes down to nothing and up again", async (t) => {
  const other = await openTestDatabase();
  t.after(() => other.close());
  const { reverted } = await migrateDown(other.url, 1000);
  assert.ok(reverted.includes("0002_identity"));
  const { applied } = await migrateUp(other.url);
  assert.deepEqual(applied, reverted.toReversed());
});
