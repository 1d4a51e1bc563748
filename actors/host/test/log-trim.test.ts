import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LogFull, type LogStream, openBus } from "@rookery/bus";
import { openTestDatabase, ownNatsUrl, until } from "@rookery/kit";
import { commandLogName, parseInternal, subjects } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { ensureCluster, openStore } from "@rookery/store";
import { openLogTrim } from "../src/log-trim.ts";

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

/** Up to where each shard has applied the log; 0: it has read nothing of it. */
async function apply(stream: LogStream, ...seqs: readonly number[]): Promise<void> {
  for (const [id, seq] of seqs.entries()) {
    const at = await stream.messageAt(seq);
    await store.query(
      `update shard set log_id = $1, applied_seq = $2, applied_msg_id = $3, applied_ms = $4
       where kind = 'log' and id = $5`,
      [stream.identity, seq, at?.msgId ?? null, at?.timeMs ?? null, id],
    );
  }
}

async function held(stream: LogStream, upTo: number): Promise<number[]> {
  const found = await Promise.all(Array.from({ length: upTo }, (_, index) => stream.messageAt(index + 1)));
  return found.flatMap((one) => (one === null ? [] : [one.seq]));
}

/** One turn of a trimmer that has done nothing before. */
const trim = (stream: LogStream, ageMsMax?: number): Promise<void> =>
  openLogTrim({
    bus,
    store,
    log,
    stream: () => stream,
    isOurs: () => true,
    ...(ageMsMax !== undefined && { ageMsMax }),
  })();

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

test("[L6] nothing is removed where the least that was applied is another message now", async () => {
  const stream = await openTestLog();
  await say([0, 1, 2, 3, 0, 1, 2, 3]);
  await apply(stream, 5, 6, 7, 8);
  await store.query("update shard set applied_msg_id = 'another' where kind = 'log' and id = 0");
  await trim(stream);
  assert.equal((await held(stream, 8)).length, 8);
});

test("in a log that begins long ago who is far behind is sent an empty message, once for each place", async () => {
  const stream = await openTestLog();
  await say([1, 0, 2, 3, ...Array.from({ length: 8 }, () => 0)]);
  await apply(stream, 12, 1, 3, 4);
  await trim(stream, 60_000);
  const lastOf = (shard: number): Promise<number> => stream.lastSeq(subjects.commands(shard));
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map(lastOf)), [12, 1, 3, 4]);
  // Shard 3 is as far behind as the empty messages of the others bring the foremost.
  await trim(stream, -1);
  await trim(stream, -1);
  const [zero, one, two, three] = await Promise.all([0, 1, 2, 3].map(lastOf));
  assert.deepEqual([zero, [one, two].toSorted((a = 0, b = 0) => a - b), three], [12, [13, 14], 4]);
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

test("[L7] a log that is full to the last byte has room again", async () => {
  const stream = await openTestLog(64 * 1024);
  for (const bytes of [6_000, 600, 60, 6, 0]) {
    const filling = say(
      Array.from({ length: 20 }, (_, index) => index % 3),
      bytes,
    );
    await assert.rejects(filling, LogFull);
  }
  const { lastSeq } = await stream.state();
  const last = (shard: number): Promise<number> => stream.lastSeq(subjects.commands(shard));
  await apply(stream, await last(0), await last(1), await last(2), 0);
  await trim(stream);
  await say([0, 1, 2], 6_000);
  assert.equal((await stream.state()).lastSeq >= lastSeq + 3, true);
});
