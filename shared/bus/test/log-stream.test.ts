import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { openLog } from "@rookery/runtime";
import { type Bus, BusOutage, LogFull, LogMismatch, LogMissing, openBus } from "../src/mod.ts";
import { type NatsServer, startNats } from "./nats-server.ts";
import { until } from "./until.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const body = Buffer.from("body");
let server: NatsServer;
let bus: Bus;
before(async () => {
  server = await startNats();
  bus = await openBus({ url: server.url, name: "test", log });
});
after(async () => {
  await bus.close();
  await server.close();
});

const spec = (name: string) => ({ name, subjects: [`${name}.*`], bytesMax: 2 ** 26, replicas: 1 });

test("[L6] processes that create a log at once get one identity, which outlives the server", async () => {
  const buses = await Promise.all(
    Array.from({ length: 8 }, () => openBus({ url: server.url, name: "race", log })),
  );
  const logs = await Promise.all(buses.map((one) => one.ensureLog(spec("race"))));
  const identities = new Set(logs.map((one) => one.identity));
  assert.equal(identities.size, 1);
  await Promise.all(buses.map((one) => one.close()));

  await server.kill();
  await until("the loss is noticed", () => !bus.connected);
  await server.start();
  await until("connected again", () => bus.connected);
  const again = await bus.ensureLog(spec("race"));
  const opened = await bus.openLog("race");
  assert.deepEqual(new Set([again.identity, opened.identity]), identities);
  assert.equal((await opened.state()).identity, opened.identity);
});

test("an append answers its sequence, a repeated msgId the first one", async () => {
  await bus.ensureLog(spec("append"));
  const first = await bus.append("append.1", body, { msgId: "a" });
  const second = await bus.append("append.1", body, { msgId: "b" });
  const repeat = await bus.append("append.1", body, { msgId: "a" });
  assert.deepEqual(
    [first, second, repeat],
    [
      { seq: 1, duplicate: false },
      { seq: 2, duplicate: false },
      { seq: 1, duplicate: true },
    ],
  );
});

test("appends of one tick are stored in their order", async () => {
  await bus.ensureLog(spec("tick"));
  const appended = await Promise.all(
    Array.from({ length: 2_000 }, (_, n) => bus.append("tick.1", body, { msgId: `t${n}` })),
  );
  assert.deepEqual(
    appended.map((one) => one.seq),
    appended.map((_, n) => n + 1),
  );
});

test("[L7] a full log refuses as full and forgets nothing", async () => {
  const full = await bus.ensureLog({ ...spec("full"), bytesMax: 10_000 });
  await bus.append("full.1", body, { msgId: "first" });
  const flood = Array.from({ length: 20 }, (_, n) =>
    bus.append("full.1", new Uint8Array(1_000), { msgId: `f${n}` }),
  );
  const results = await Promise.allSettled(flood);
  const refused = results.filter((one) => one.status === "rejected");
  assert.ok(refused.length > 5 && refused.length < 20, `${refused.length} refused`);
  for (const one of refused) assert.ok(one.reason instanceof LogFull, String(one.reason));
  const state = await full.state();
  assert.deepEqual([state.firstSeq, state.messages], [1, 21 - refused.length]);

  await full.trim({ subject: "full.1", belowSeq: state.lastSeq + 1 });
  await bus.append("full.1", new Uint8Array(1_000), { msgId: "room" });
});

test("[L7] a log full by count refuses as full", async () => {
  await bus.ensureLog({ ...spec("count"), messagesMax: 3 });
  for (let n = 0; n < 3; n++) await bus.append("count.1", body, { msgId: `c${n}` });
  await assert.rejects(bus.append("count.1", body, { msgId: "c3" }), LogFull);
});

test("[L6] the message at a sequence is found with its subject, id and time", async () => {
  const stream = await bus.ensureLog(spec("at"));
  const beforeMs = Date.now();
  const { seq } = await bus.append("at.7", body, { msgId: "seven" });
  const found = await stream.messageAt(seq);
  assert.ok(found !== null && Math.abs(found.timeMs - beforeMs) < 5_000);
  assert.deepEqual(found, { subject: "at.7", seq, timeMs: found.timeMs, msgId: "seven" });
  assert.equal(await stream.messageAt(seq + 1), null);
  assert.equal(await stream.messageAt(0), null);
  assert.deepEqual([await stream.lastSeq("at.7"), await stream.lastSeq("at.8")], [seq, 0]);
  assert.equal(await stream.check({ seq, mark: found }), null);
  assert.equal(await stream.check({ seq, mark: { ...found, msgId: "other" } }), "mark");
  assert.equal(await stream.check({ seq: seq + 1, mark: undefined }), "truncated");
});

test("trimming removes the messages below the sequence, of one subject or of all, and nothing else", async () => {
  const stream = await bus.ensureLog(spec("trim"));
  for (let n = 1; n <= 10; n++) await bus.append(`trim.${n % 2}`, body, { msgId: `m${n}` });
  for (const belowSeq of [0, 1]) {
    await stream.trim({ belowSeq });
    await stream.trim({ subject: "trim.1", belowSeq });
  }
  assert.equal((await stream.state()).messages, 10);
  const held = async (): Promise<number[]> => {
    const found = await Promise.all(Array.from({ length: 10 }, (_, n) => stream.messageAt(n + 1)));
    return found.flatMap((one) => (one === null ? [] : [one.seq]));
  };
  await stream.trim({ subject: "trim.1", belowSeq: 7 });
  assert.deepEqual(await held(), [2, 4, 6, 7, 8, 9, 10]);
  await stream.trim({ belowSeq: 8 });
  assert.deepEqual(await held(), [8, 9, 10]);
  assert.equal((await stream.state()).firstSeq, 8);
});

test("a stream that is not ours, or not as ours, is refused and left alone", async () => {
  const nats = await connect({ servers: server.url.replace("nats://", "") });
  const { streams } = await jetstreamManager(nats);
  await streams.add({ name: "foreign", subjects: ["foreign.*"] });
  await assert.rejects(bus.ensureLog(spec("foreign")), LogMismatch);
  await assert.rejects(bus.openLog("foreign"), LogMismatch);
  const info = await streams.info("foreign");
  assert.deepEqual([info.config.discard, info.config.metadata?.["rookery_log_id"]], ["old", undefined]);

  await bus.ensureLog(spec("moved"));
  await assert.rejects(bus.ensureLog({ ...spec("moved"), subjects: ["elsewhere.*"] }), LogMismatch);
  await nats.close();
});

test("other limits than configured are kept, the log is used", async () => {
  const made = await bus.ensureLog(spec("limits"));
  const found = await bus.ensureLog({ ...spec("limits"), bytesMax: 2 ** 20 });
  assert.equal(found.identity, made.identity);
});

test("a log that is not there is missing, an append to it an outage", async () => {
  await assert.rejects(bus.openLog("nowhere"), LogMissing);
  await assert.rejects(
    bus.append("nowhere.1", body, { msgId: "n" }),
    (error) => error instanceof BusOutage && error.reason === "no_responders",
  );
});
