import assert from "node:assert/strict";
import type { EventEmitter } from "node:events";
import { test } from "node:test";
import { openLog } from "@rookery/runtime";
import {
  inTransaction,
  isOutage,
  isRefusal,
  isUniqueViolation,
  openStore,
  openStoreProbe,
  type Store,
} from "../src/mod.ts";
import { openTestStore } from "./cluster.ts";

const { store, url } = await openTestStore();
await store.query("create table thing (id bigint primary key, body jsonb)");

async function failureOf(sql: string): Promise<unknown> {
  return store.query(sql).then(
    () => assert.fail(`${sql} went through`),
    (error: unknown) => error,
  );
}

test("bigint is a number up to 2^53, jsonb its value", async () => {
  const { rows } = await store.query(
    "select 9007199254740991::bigint as max, -5::bigint as below, null::bigint as none, '{\"a\":[1]}'::jsonb as json",
  );
  assert.deepEqual(rows, [{ max: Number.MAX_SAFE_INTEGER, below: -5, none: null, json: { a: [1] } }]);
});

test("no statement is compiled, whatever the server does for others: tables read by index make it look dear", async () => {
  await store.query(`alter database ${new URL(url).pathname.slice(1)} set jit = on`);
  const later = openStore({
    url,
    name: "pool test",
    connectionsMax: 1,
    log: openLog("test", { LOG_LEVEL: "silent" }),
  });
  const { rows } = await later.query(
    "select current_setting('jit') as jit, current_setting('enable_seqscan') as seqscan",
  );
  await later.end();
  assert.deepEqual(rows, [{ jit: "off", seqscan: "off" }]);
});

test("a transaction is whole or nothing, and its connection serves again", async () => {
  await inTransaction(store, (db) => db.query("insert into thing values (1)"));
  await assert.rejects(
    inTransaction(store, async (db) => {
      await db.query("insert into thing values (2)");
      throw new Error("thought better of it");
    }),
    /thought better of it/,
  );
  assert.deepEqual((await store.query("select id from thing")).rows, [{ id: 1 }]);
  assert.equal(store.idleCount, store.totalCount);
});

test("[L8] data and integrity are refusals; what may help another time is not", async () => {
  await store.query("insert into thing values (10)");
  const refusals = [
    "insert into thing values (10)",
    "insert into thing values (null)",
    "select 1/0",
    "select 'x'::bigint",
    "select '\"\\u0000\"'::jsonb",
    "select 99999999999999999999::bigint",
  ];
  for (const sql of refusals) assert.ok(isRefusal(await failureOf(sql)), sql);
  const others = ["select nothing", "select from nowhere", "select pg_advisory_lock()"];
  for (const sql of others) assert.equal(isRefusal(await failureOf(sql)), false, sql);
  assert.equal(isRefusal(new Error("22P02")), false);
});

test("a unique index is told from other refusals, and one from another", async () => {
  await store.query("insert into thing values (20)");
  const double = await failureOf("insert into thing values (20)");
  assert.ok(isUniqueViolation(double));
  assert.ok(isUniqueViolation(double, "thing_pkey"));
  assert.equal(isUniqueViolation(double, "another"), false);
  assert.equal(isUniqueViolation(await failureOf("insert into thing values (null)")), false);
});

test("an idle connection that is cut is replaced, and the next query does not notice", async () => {
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const own = openStore({ url, name: "to be cut", connectionsMax: 1, log });
  try {
    await own.query("select 1");
    const cut = new Promise((resolve) => own.once("error", resolve));
    await store.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to be cut'",
    );
    await cut;
    assert.deepEqual((await own.query("select 2 as two")).rows, [{ two: 2 }]);
  } finally {
    await own.end();
  }
});

test("a connection that is cut in the middle of a transaction fails the transaction, not the process", async () => {
  await assert.rejects(
    inTransaction(store, async (db) => {
      const { rows } = await db.query<{ pid: number }>("select pg_backend_pid() as pid");
      await db.query("insert into thing values (30)");
      // From outside, while nothing is asked.
      const gone = new Promise((resolve) => (db as unknown as EventEmitter).once("end", resolve));
      await store.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
      await gone;
      await db.query("insert into thing values (31)");
    }),
  );
  assert.deepEqual((await store.query("select id from thing where id >= 30")).rows, []);
});

test("a query without an answer is given up, so that no wait is without end", async () => {
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const own = openStore({ url, name: "impatient", connectionsMax: 1, queryMsMax: 100, log });
  try {
    const error = await own.query("select pg_sleep(30)").catch((failed: unknown) => failed);
    assert.match(String(error), /timeout/);
    assert.equal(isRefusal(error), false, "its outcome is unknown, which is no refusal");
  } finally {
    await own.end();
    await store.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'impatient'",
    );
  }
});

test("a server that is away, ends the connection or does not answer in time is an outage; what it says of a statement is none", async () => {
  const log = openLog("test", { LOG_LEVEL: "silent" });
  const open = (address: string, queryMsMax = 5_000) =>
    openStore({ url: address, name: "outage test", connectionsMax: 1, queryMsMax, log });
  const failure = async (of: ReturnType<typeof open>, sql: string): Promise<unknown> => {
    try {
      return await of.query(sql).then(
        () => assert.fail(`${sql} went through`),
        (error: unknown) => error,
      );
    } finally {
      await of.end();
    }
  };
  // Port 9 of loopback: nobody listens.
  assert.equal(isOutage(await failure(open("postgres://nobody@127.0.0.1:9/none"), "select 1")), true);
  const own = "select pg_terminate_backend(pg_backend_pid())";
  assert.equal(isOutage(await failure(open(url), own)), true);
  assert.equal(isOutage(await failure(open(url, 50), "select pg_sleep(1)")), true);
  for (const sql of ["select 1 / 0", "selekt", "insert into thing values (1)"]) {
    assert.equal(isOutage(await failure(open(url), sql)), false, sql);
  }
  assert.equal(isOutage(new TypeError("a bug")), false);
});

test("[L7] however many ask whether Postgres is there, it is asked once at a time", async () => {
  let asked = 0;
  let answer = (): void => {};
  const query = async (): Promise<{ rowCount: number }> => {
    asked += 1;
    await new Promise<void>((resolve) => (answer = resolve));
    return { rowCount: 1 };
  };
  const isHere = openStoreProbe({ query } as unknown as Pick<Store, "query">);
  for (const turn of [1, 2]) {
    const all = Array.from({ length: 500 }, () => isHere());
    assert.equal(asked, turn);
    answer();
    assert.deepEqual(new Set(await Promise.all(all)), new Set([true]));
  }
  assert.equal(await openStoreProbe(store)(), true);
  const away = openStoreProbe({ query: () => Promise.reject(new Error("away")) });
  await assert.rejects(away(), /away/);
  await assert.rejects(away(), /away/, "asked anew");
});
