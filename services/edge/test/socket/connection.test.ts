/** What a socket is sent, and how far its peer has taken it: on a real connection. */
import assert from "node:assert/strict";
import { createConnection, type Socket } from "node:net";
import { after, test } from "node:test";
import { until } from "@rookery/kit";
import { Connection, type Session } from "../../src/socket/connection.ts";
import { Flusher } from "../../src/socket/flusher.ts";
import { openFormats } from "../../src/socket/format.ts";
import { openUwsServer } from "../uws-server.ts";

const formats = openFormats();
const sockets: Connection[] = [];
const server = await openUwsServer((app) =>
  app.ws<Session>("/", {
    maxBackpressure: 64 * 1_024 * 1_024,
    upgrade: (res, req, context) =>
      res.upgrade(
        { format: formats.json } as Session,
        req.getHeader("sec-websocket-key"),
        req.getHeader("sec-websocket-protocol"),
        req.getHeader("sec-websocket-extensions"),
        context,
      ),
    open: (socket) => void sockets.push(new Connection(socket, new Flusher())),
    drain: () => sockets.at(-1)?.wake(),
    close: () => {
      const connection = sockets.at(-1);
      if (connection === undefined) return;
      connection.phase = "closed";
      connection.wake();
    },
  }),
);
after(() => server.close());

const frameBytes = 64 * 1_024;
const handshake = [
  "GET / HTTP/1.1",
  "host: edge",
  "connection: Upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n");

/** A client that is below WebSockets: it reads, or does not. */
async function connect(): Promise<{ readonly client: Socket; readonly connection: Connection }> {
  const client = createConnection(server.port, "127.0.0.1");
  const before = sockets.length;
  client.write(handshake);
  await until(() => sockets.length > before, { withinMs: 5_000, what: "the socket" });
  return { client, connection: sockets.at(-1) as Connection };
}

test("[W2] who waits until it is taken never has much unsent, however slow the peer, and all arrives", async () => {
  const { client, connection } = await connect();
  let bytes = 0;
  client.on("data", (data: Buffer) => (bytes += data.byteLength));
  client.pause();
  // More than the kernel takes on both sides.
  const frames = 1_000;
  let [sent, unsentMax] = [0, 0];
  const sending = (async () => {
    while (sent < frames) {
      connection.queue(new Uint8Array(frameBytes));
      sent += 1;
      connection.flush();
      unsentMax = Math.max(unsentMax, connection.unsentBytes);
      await connection.taken();
    }
  })();
  await until(() => connection.unsentBytes > 256 * 1_024, {
    withinMs: 20_000,
    what: "the peer to be behind",
  });
  const stoppedAt = sent;
  assert.ok(stoppedAt < frames, "it waits for the peer");
  client.resume();
  await sending;
  await until(() => bytes >= frames * frameBytes, { withinMs: 20_000, what: "all of it" });
  assert.ok(unsentMax < 512 * 1_024, `${unsentMax} bytes unsent`);
  client.destroy();
});

test("who waits until it is taken waits no longer than there is somebody", async () => {
  const { client, connection } = await connect();
  client.pause();
  while (connection.unsentBytes <= 256 * 1_024) {
    connection.queue(new Uint8Array(frameBytes));
    connection.flush();
  }
  const taken = connection.taken();
  client.destroy();
  await taken;
  assert.equal(connection.unsentBytes, 0);
});
