import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openLog } from "@rookery/runtime";
import { type Bus, BusOutage, openBus } from "../src/mod.ts";
import { UNCONFIRMED_BYTES_MAX } from "../src/outbound.ts";
import { REPLIES_MAX } from "../src/reply-box.ts";
import { type NatsServer, startNats } from "./nats-server.ts";
import { until } from "./until.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
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

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const outage = (reason: string) => (error: unknown) => error instanceof BusOutage && error.reason === reason;

test("messages arrive in the order they were published", async () => {
  const seen: string[] = [];
  const subscription = bus.subscribe("order.*", (message) => seen.push(text(message.bytes)));
  for (let n = 0; n < 1_000; n++) bus.publish("order.a", Buffer.from(String(n)));
  await until("all arrived", () => seen.length === 1_000);
  assert.deepEqual(
    seen,
    Array.from({ length: 1_000 }, (_, n) => String(n)),
  );
  subscription.close();
});

test("a request is answered by its responder", async () => {
  const subscription = bus.subscribe("echo", (message) => message.respond(message.bytes));
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) => bus.request("echo", Buffer.from(String(n)), { timeoutMs: 2_000 })),
  );
  assert.deepEqual(
    answers.map(text),
    Array.from({ length: 100 }, (_, n) => String(n)),
  );
  subscription.close();
});

test("a request that nobody hears fails at once as no_responders", async () => {
  await assert.rejects(bus.request("nobody", Buffer.of(), { timeoutMs: 60_000 }), outage("no_responders"));
});

test("[L7] a request that is not answered ends as timeout", async () => {
  const subscription = bus.subscribe("mute", () => {});
  const startMs = performance.now();
  await assert.rejects(bus.request("mute", Buffer.of(), { timeoutMs: 200 }), outage("timeout"));
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 200 && tookMs < 1_000, `${tookMs} ms`);
  subscription.close();
});

test("[L7] one question more than the maximum is refused as overloaded", async () => {
  const subscription = bus.subscribe("mute", () => {});
  const asked = Array.from({ length: REPLIES_MAX }, () =>
    bus.request("mute", Buffer.of(), { timeoutMs: 300 }),
  );
  const ended = Promise.allSettled(asked);
  await assert.rejects(bus.request("mute", Buffer.of(), { timeoutMs: 300 }), outage("overloaded"));
  assert.equal((await ended).filter((one) => one.status === "fulfilled").length, 0);
  subscription.close();
});

test("a lost connection fails what was asked at once, counts what is published, and comes back", async () => {
  const statuses: string[] = [];
  const unlisten = bus.onStatus((status) => statuses.push(status));
  const seen: string[] = [];
  const subscription = bus.subscribe("mute", (message) => seen.push(text(message.bytes)));
  const asked = bus.request("mute", Buffer.from("asked"), { timeoutMs: 60_000 });
  const failed = assert.rejects(asked, outage("disconnected"));
  await until("the question arrived", () => seen.length === 1);
  await server.kill();
  await failed;
  assert.equal(bus.connected, false);
  const { droppedPublishes } = bus.stats;
  bus.publish("mute", Buffer.from("lost"));
  assert.equal(bus.stats.droppedPublishes, droppedPublishes + 1);
  await assert.rejects(bus.request("mute", Buffer.of(), { timeoutMs: 60_000 }), outage("disconnected"));
  await assert.rejects(bus.append("mute", Buffer.of(), { msgId: "x" }), outage("disconnected"));

  await server.start();
  await until("connected again", () => bus.connected);
  bus.publish("mute", Buffer.from("after"));
  await until("the subscription is back", () => seen.length === 2);
  assert.deepEqual(seen, ["asked", "after"]);
  assert.deepEqual(statuses, ["disconnected", "connected"]);
  unlisten();
  subscription.close();
});

test("[L7] what a frozen server does not read is bounded, the rest is counted, and nothing is stuck afterwards", async () => {
  const bytes = new Uint8Array(512 * 1024);
  const { droppedPublishes } = bus.stats;
  const fitting = Math.floor(UNCONFIRMED_BYTES_MAX / bytes.length);
  server.freeze();
  for (let n = 0; n < fitting * 2; n++) bus.publish("flood", bytes);
  const dropped = bus.stats.droppedPublishes - droppedPublishes;
  assert.ok(dropped >= fitting && dropped <= fitting + 2, `${dropped} dropped`);
  await assert.rejects(bus.request("flood", bytes, { timeoutMs: 1_000 }), outage("overloaded"));
  server.thaw();
  const subscription = bus.subscribe("echo", (message) => message.respond(message.bytes));
  await until("requests pass again", () =>
    bus.request("echo", bytes, { timeoutMs: 500 }).then(
      () => true,
      () => false,
    ),
  );
  subscription.close();
});

test("close sends what was published before", async () => {
  const other = await openBus({ url: server.url, name: "other", log });
  let seen = 0;
  const subscription = bus.subscribe("last", () => seen++);
  await until("the subscription is known", async () => {
    other.publish("last", Buffer.of());
    await new Promise((resolve) => setImmediate(resolve));
    return seen > 0;
  });
  const before = seen;
  for (let n = 0; n < 5_000; n++) other.publish("last", new Uint8Array(100));
  await other.close();
  await until("all arrived", () => seen >= before + 5_000);
  subscription.close();
});

test("opening fails clearly when nobody answers", async () => {
  await assert.rejects(openBus({ url: "nats://127.0.0.1:1", name: "test", log }), outage("disconnected"));
});
