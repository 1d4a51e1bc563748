import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "@rookery/kit";
import { openLog } from "@rookery/runtime";
import {
  countDeadLetters,
  findDeadLettersAt,
  listDeadLetters,
  markRetried,
  openStore,
  readDeadLetters,
  type Store,
} from "../../../src/mod.ts";

let database: TestDatabase;
let store: Store;

before(async () => {
  database = await openTestDatabase();
  const log = openLog("test", { LOG_LEVEL: "silent" });
  store = openStore({ url: database.url, name: "dead letter test", connectionsMax: 1, log });
  await store.query(
    `insert into dead_letter (shard, seq, actor, sender_id, uuid, command, reason, parked_ms)
     select s, s * 10, 'chat:5', 1, 'u' || s, '{}', 'a reason', 1000 + s from generate_series(1, 3) as s`,
  );
});

after(async () => {
  await store.end();
  await database.close();
});

test("[L8] those retried are listed no more, unless asked for", async () => {
  const page = { limit: 10, newestFirst: true, withRetried: false };
  assert.deepEqual(
    (await listDeadLetters(store, page)).map(({ id }) => id),
    [3, 2, 1],
  );
  await markRetried(store, 2, 5_000);
  const oldest = await listDeadLetters(store, { ...page, newestFirst: false });
  assert.deepEqual(
    oldest.map(({ id }) => id),
    [1, 3],
  );
  assert.equal(await countDeadLetters(store, { withRetried: false }), 2);
  const [all] = await listDeadLetters(store, { limit: 1, newestFirst: true, withRetried: true });
  assert.equal(all?.id, 3);
  assert.equal(await countDeadLetters(store, { withRetried: true }), 3);
});

test("a dead letter is found by its id, and by its place in the log", async () => {
  assert.deepEqual(
    (await readDeadLetters(store, [3, 1, 99])).map(({ id }) => id),
    [1, 3],
  );
  const [found, ...others] = await findDeadLettersAt(store, [
    { shard: 1, seq: 10 },
    { shard: 1, seq: 20 },
  ]);
  assert.deepEqual([found?.id, found?.reason, found?.parkedMs, others.length], [1, "a reason", 1_001, 0]);
});
