import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type LogStream, openBus } from "@rookery/bus";
import { openTestDatabase, ownNatsUrl, until } from "@rookery/kit";
import { commandLogName, parseInternal, subjects } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { ensureCluster, openStore } from "@rookery/store";
import { trimLog } from "../src/log-trim.ts";

const [database, url] = [await openTestDatabase(), await ownNatsUrl()];
const log = openLog("test", { LOG_LEVEL: "silent" });
const store = openStore({ url: database.url, name: "test", connectionsMax: 2, log });
await ensureCluster(store, { shards: 4, hashVersion: 1 });
const bus = await openBus({ url, name: "test", log });
after(async () => {
  await bus.close();
  await store.end();
  await database.close();
});

let logs = 0;
let messages = 0;
/** A log of its own, whose shards are where nobody has read. */
async function openTestLog(bytesMax = 64 * 1024 * 1024): Promise<LogStream> {
  logs += 1;
  // One stream has the subjects at a time.
  await bus.request(`$JS.API.STREAM.DELETE.${commandLogName}`, new Uint8Array(), { timeoutMs: 5_000 });
  const spec = { name: commandLogName, subjects: [subjects.allCommands], bytesMax, replicas: 1 };
  return await bus.ensureLog(spec);
}

/** Messages to these shards, in this order, the first of which is 1. */
async function say(shards: readonly number[], bytes = 10): Promise<void> {
  for (const shard of shards) {
    messages += 1;
    await bus.append(subjects.commands(shard), new Uint8Array(bytes), { msgId: `${logs}.${messages}` });
  }
}

/** Up to where each shard has applied the log. */
async function apply(stream: LogStream, ...seqs: readonly number[]): Promise<void> {
  for (const [id, seq] of seqs.entries()) {
    await store.query("update shard set log_id = $1, applied_seq = $2 where kind = 'log' and id = $3", [
      stream.identity,
      seq,
      id,
    ]);
  }
}

async function held(stream: LogStream, upTo: number): Promise<number[]> {
  const found = await Promise.all(Array.from({ length: upTo }, (_, index) => stream.messageAt(index + 1)));
  return found.flatMap((one) => (one === null ? [] : [one.seq]));
}

const trim = (stream: LogStream, behindMax = 1_000): Promise<void> =>
  trimLog({ bus, store, log, stream: () => stream, isOurs: () => true, behindMax }, new Map());

test("what all have applied is removed, and the message at every offset stays", async () => {
  const stream = await openTestLog();
  await say([0, 1, 2, 3, 0, 1, 2, 3, 0]);
  await apply(stream, 5, 6, 3, 8);
  await trim(stream);
  assert.deepEqual(await held(stream, 9), [3, 4, 5, 6, 7, 8, 9]);
});

test("[L6] nothing is removed while a shard has not begun to read this log", async () => {
  const stream = await openTestLog();
  await say([0, 1, 2, 3, 0, 1, 2, 3]);
  await apply(stream, 5, 6, 7, 8);
  await store.query("update shard set log_id = 'another' where id = 2");
  await trim(stream);
  assert.equal((await held(stream, 8)).length, 8);
});

test("[L6] nothing is removed from a log that ends before what was applied of it", async () => {
  const stream = await openTestLog();
  await say([0, 1, 2, 3]);
  await apply(stream, 5, 6, 7, 8);
  await trim(stream);
  assert.equal((await held(stream, 4)).length, 4);
});

test("[L6] nothing is removed from another log of that name", async () => {
  const stream = await openTestLog();
  await say([0, 1, 2, 3]);
  const other = await openTestLog();
  await say([0, 1, 2, 3]);
  await apply(stream, 4, 4, 4, 4);
  await trim(stream);
  assert.equal((await held(other, 4)).length, 4);
});

test("a shard that has fallen behind is sent one empty message, once for each place", async () => {
  const stream = await openTestLog();
  await say([1, 0, 2, 3, 0, 0, 0]);
  await apply(stream, 7, 1, 3, 4);
  await trim(stream, 3);
  await trim(stream, 3);
  const last = await Promise.all([0, 1, 2, 3].map((shard) => stream.lastSeq(subjects.commands(shard))));
  assert.deepEqual(last, [7, 8, 9, 4]);
  const bodies: unknown[] = [];
  const reader = stream.read({
    subject: subjects.commands(1),
    afterSeq: 1,
    onDelivery: ({ bytes }) => bodies.push(parseInternal(bytes)),
    onBroken: (reason) => bodies.push(reason),
  });
  await until(() => bodies.length > 0, { withinMs: 10_000, what: "the empty message" });
  await reader.close();
  assert.deepEqual(bodies, [{ edge: null, commands: [] }]);
});

test("[L7] in a log that is half full each shard is trimmed by itself, for one of them does not get on", async () => {
  const stream = await openTestLog(64 * 1024);
  await say([0, 1, 2, 3, 0, 0, 0, 3], 6_000);
  await apply(stream, 7, 0, 3, 8);
  await trim(stream);
  assert.deepEqual(await held(stream, 8), [2, 3, 7, 8]);
});
