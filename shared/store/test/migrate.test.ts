import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import { migrateDown, migrateUp, migrationStatus, openStore } from "../src/mod.ts";

/** Every column, index and constraint, as text. */
async function readSchema(url: string): Promise<string[]> {
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const store = openStore({ url, name: "migrate test", connectionsMax: 1, log });
  try {
    const { rows } = await store.query<{ line: string }>(
      `select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
         from information_schema.columns where table_schema = 'public'
       union all select indexdef from pg_indexes where schemaname = 'public'
       union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint
         where connamespace = 'public'::regnamespace
       union all select 'sequence ' || sequencename from pg_sequences where schemaname = 'public'
       order by 1`,
    );
    return rows.map((row) => row.line);
  } finally {
    await store.end();
  }
}

test("the schema goes up, all the way down, and up again to the same", async () => {
  const database = await openTestDatabase({ isEmpty: true });
  try {
    const { applied } = await migrateUp(database.url);
    assert.ok(applied.length >= 4, applied.join());
    assert.deepEqual(applied, applied.toSorted());
    const schema = await readSchema(database.url);
    assert.deepEqual(await migrateUp(database.url), { applied: [] });

    assert.deepEqual(await migrateDown(database.url, applied.length), { reverted: applied.toReversed() });
    const left = (await readSchema(database.url)).filter((line) => !/\bmigration\b/.test(line));
    assert.deepEqual(left, [], "a step down takes back all that its step up made");
    assert.deepEqual(await migrateDown(database.url), { reverted: [] });

    assert.deepEqual(await migrateUp(database.url), { applied });
    assert.deepEqual(await readSchema(database.url), schema);
  } finally {
    await database.close();
  }
});

test("each step down and up again leads back", async () => {
  const database = await openTestDatabase();
  try {
    const steps = await migrationStatus(database.url);
    const schema = await readSchema(database.url);
    for (let count = 1; count <= steps.length; count += 1) {
      await migrateDown(database.url, count);
      const applied = (await migrationStatus(database.url)).filter((step) => step.appliedAt !== null);
      assert.equal(applied.length, steps.length - count);
      await migrateUp(database.url);
      assert.deepEqual(await readSchema(database.url), schema, `after ${count} down`);
    }
  } finally {
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
