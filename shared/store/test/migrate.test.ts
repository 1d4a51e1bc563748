import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  insertSession,
  insertUser,
  migrateDown,
  migrateUp,
  migrationStatus,
  openStore,
  type Store,
  type UserRole,
} from "../src/mod.ts";
import { advisoryLock } from "../src/migrate.ts";
import { readCatalog } from "./catalog.ts";

test("the schema goes up, all the way down, and up again to the same", async () => {
  const database = await openTestDatabase({ isEmpty: true });
  try {
    const empty = await readCatalog(database.url);
    const { applied } = await migrateUp(database.url);
    assert.ok(applied.length >= 4, applied.join());
    assert.deepEqual(applied, applied.toSorted());
    const schema = await readCatalog(database.url);
    assert.deepEqual(await migrateUp(database.url), { applied: [] });

    assert.deepEqual(await migrateDown(database.url, applied.length), { reverted: applied.toReversed() });
    assert.deepEqual(
      await readCatalog(database.url),
      empty,
      "a step down takes back all that its step up made",
    );
    assert.deepEqual(await migrateDown(database.url), { reverted: [] });

    assert.deepEqual(await migrateUp(database.url), { applied });
    assert.deepEqual(await readCatalog(database.url), schema);
  } finally {
    await database.close();
  }
});

test("each step down leads to exactly where the step before it had led up to", async () => {
  const database = await openTestDatabase({ isEmpty: true });
  try {
    const steps = await migrationStatus(database.url);
    const before: string[][] = [];
    for (const { name } of steps) {
      before.push(await readCatalog(database.url));
      assert.deepEqual(await migrateUp(database.url, 1), { applied: [name] });
    }
    const whole = await readCatalog(database.url);
    for (const [index, { name }] of [...steps.entries()].toReversed()) {
      assert.deepEqual(await migrateDown(database.url), { reverted: [name] });
      assert.deepEqual(await readCatalog(database.url), before[index], `${name} down`);
    }
    await migrateUp(database.url);
    assert.deepEqual(await readCatalog(database.url), whole);
  } finally {
    await database.close();
  }
});

/** The words that a check allows. */
async function allowedWords(store: Store, constraint: string): Promise<string[]> {
  const { rows } = await store.query<{ text: string }>(
    "select pg_get_constraintdef(oid) as text from pg_constraint where conname = $1",
    [constraint],
  );
  return [...(rows[0]?.text ?? "").matchAll(/'(\w+)'/g)].map(([, word = ""]) => word);
}

test("steps down go through data that only the newest schema knows, and keep what they can", async () => {
  const database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "migrate test", connectionsMax: 1, log });
  try {
    const roles = await allowedWords(store, "users_role_check");
    const ends = await allowedWords(store, "session_end_reason_check");
    assert.ok(roles.length >= 2 && ends.length >= 2);
    for (const role of roles) {
      const account = { username: role, email: null, displayName: role, passwordHash: null };
      const user = await insertUser(store, {
        ...account,
        role: role as UserRole,
        isBot: false,
        createdMs: 1,
      });
      for (const end of ends) {
        const digest = randomBytes(32);
        const session = { userId: user.id, nowMs: 1, expiresMs: 2, userAgent: null, address: null, digest };
        const id = (await insertSession(store, session))?.id;
        await store.query("update session set ended_ms = 1, end_reason = $2 where id = $1", [id, end]);
      }
      await store.query("insert into member values (1, $1, 'member', 0, 0, null, 1)", [user.id]);
    }
    const marks = JSON.stringify({ 1: [7, 5] });
    await store.query("insert into receipt values (1, 0, 1, 1, $1)", [marks]);
    const steps = await migrationStatus(database.url);
    const { reverted } = await migrateDown(database.url, steps.length - 4);
    assert.equal(reverted.at(-1), "0005_receipt");
    const { rows } = await store.query(
      "select user_id, delivered_seq, read_seq from member where user_id = 1",
    );
    assert.deepEqual(rows, [{ user_id: 1, delivered_seq: 7, read_seq: 5 }]);
    const left = await store.query("select from users");
    assert.equal(left.rowCount, roles.length);
    await migrateUp(database.url);
  } finally {
    await store.end();
    await database.close();
  }
});

test("however many start at once, each step is applied once", async () => {
  const database = await openTestDatabase({ isEmpty: true });
  try {
    const runs = await Promise.all(Array.from({ length: 12 }, () => migrateUp(database.url)));
    const applied = runs.flatMap((run) => run.applied);
    const steps = await migrationStatus(database.url);
    assert.deepEqual(
      applied.toSorted(),
      steps.map((step) => step.name),
    );
    assert.equal(steps.filter((step) => step.appliedAt === null).length, 0);
  } finally {
    await database.close();
  }
});

test("whoever cannot have the lock in time says so instead of waiting for ever", async () => {
  const database = await openTestDatabase({ isEmpty: true });
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "migrate test", connectionsMax: 1, log });
  const holder = await store.connect();
  try {
    await holder.query("select pg_advisory_lock($1)", [advisoryLock]);
    await assert.rejects(
      migrateUp(database.url, 1, { lockMsMax: 50 }),
      /another process has been migrating for 50 ms/,
    );
    await holder.query("select pg_advisory_unlock($1)", [advisoryLock]);
    assert.equal((await migrateUp(database.url, 1, { lockMsMax: 50 })).applied.length, 1);
  } finally {
    holder.release();
    await store.end();
    await database.close();
  }
});

test("a step that fails leaves nothing behind, and the ones before it stay", async () => {
  const database = await openTestDatabase({ isEmpty: true });
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url: database.url, name: "migrate test", connectionsMax: 1, log });
  try {
    // In the way of a table of step 3, which is not its first.
    await store.query("create table user_change (in_the_way integer)");
    await assert.rejects(migrateUp(database.url), /0003_chat \(up\) failed/);
    const { rows } = await store.query("select to_regclass('chat') as chat, to_regclass('users') as users");
    assert.deepEqual(rows, [{ chat: null, users: "users" }]);
    await store.query("drop table user_change");
    const { applied } = await migrateUp(database.url);
    assert.equal(applied[0], "0003_chat");
  } finally {
    await store.end();
    await database.close();
  }
});
