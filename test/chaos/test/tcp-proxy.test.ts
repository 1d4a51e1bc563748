import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { until } from "@rookery/kit";
import { openTcpProxy, type TcpProxy } from "../src/cluster/tcp-proxy.ts";

const withinMs = 5_000;
const server = createServer((socket) => {
  serverSide.push(socket);
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => socket.write(chunk));
});
let serverSide: Socket[] = [];
let proxy: TcpProxy;
let client: Socket;
let heard = "";
let closed: Promise<unknown>;

beforeEach(async () => {
  serverSide = [];
  heard = "";
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  proxy = await openTcpProxy((server.address() as AddressInfo).port);
  await open();
});

afterEach(async () => {
  client.destroy();
  await proxy.close();
  for (const socket of serverSide) socket.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

async function open(): Promise<void> {
  client = connect(proxy.port, "127.0.0.1");
  client.on("data", (chunk: Buffer) => {
    heard += chunk.toString();
  });
  client.on("error", () => undefined);
  closed = closeOf(client);
  await once(client, "connect");
}

/** Unlike `once`, no rejection by the error that comes before. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

const echoed = (text: string): Promise<boolean> =>
  until(() => heard === text, { withinMs, what: `"${text}", not "${heard}"` });

test("what is written arrives, and comes back", async () => {
  client.write("hello");
  await echoed("hello");
});

test("a stall holds bytes back and loses none of them", async () => {
  client.write("a");
  await echoed("a");
  proxy.set({ kind: "stall", way: "down" });
  client.write("b");
  // It arrives at the far side, whose answer waits.
  await until(() => serverSide[0]?.bytesRead === 2, { withinMs });
  proxy.set({ kind: "stall", way: "both" });
  client.write("c");
  assert.equal(heard, "a");
  proxy.set({ kind: "pass" });
  await echoed("abc");
});

test("a stall of the way up lets the way down through", async () => {
  client.write("a");
  await echoed("a");
  proxy.set({ kind: "stall", way: "up" });
  client.write("b");
  serverSide[0]?.write("!");
  await echoed("a!");
  assert.equal(serverSide[0]?.bytesRead, 1);
  proxy.set({ kind: "pass" });
  await echoed("a!b");
});

test("a delay keeps the order and takes its time", async () => {
  const startMs = performance.now();
  proxy.set({ kind: "delay", delayMs: 60 });
  client.write("a");
  await until(() => serverSide[0]?.bytesRead === 1, { withinMs });
  client.write("b");
  await echoed("ab");
  assert.ok(performance.now() - startMs >= 115, `${performance.now() - startMs} ms`);
});

test("more than fits a buffer comes through whole", async () => {
  const text = "x".repeat(3_000_000);
  proxy.set({ kind: "delay", delayMs: 5 });
  client.write(text);
  await echoed(text);
});

test("a reset ends both sides, and the next connection works", async () => {
  client.write("a");
  await echoed("a");
  proxy.reset();
  await closed;
  await until(() => serverSide[0]?.destroyed, { withinMs });
  heard = "";
  await open();
  client.write("b");
  await echoed("b");
});

test("while it refuses, nobody is connected", async () => {
  client.write("a");
  await echoed("a");
  proxy.set({ kind: "refuse" });
  await closed;
  const other = connect(proxy.port, "127.0.0.1");
  other.on("error", () => undefined);
  await closeOf(other);
  assert.equal(serverSide.length, 1);
});

test("halved, the far side is gone and the near side is not told until the reset", async () => {
  client.write("a");
  await echoed("a");
  proxy.halveAll();
  await until(() => serverSide[0]?.destroyed, { withinMs });
  client.write("into the void");
  assert.equal(client.destroyed, false);
  proxy.reset();
  await closed;
  assert.equal(heard, "a");
});

test("an end that one side says reaches the other", async () => {
  client.write("a");
  await echoed("a");
  client.end();
  await closed;
});
