import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, test } from "node:test";
import { openHttpLane } from "../src/socket/http-lane.ts";

const connections: Socket[] = [];
const server = createServer((request, response) => {
  request.resume().on("end", () => response.end());
});
server.on("connection", (socket) => connections.push(socket));
await new Promise<void>((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
after(() => {
  server.closeAllConnections();
  server.close();
});

test("a connection that was idle is not written to again, for the server may be closing it", async () => {
  let nowMs = 0;
  const lane = openHttpLane(url, {}, () => nowMs);
  const post = () => new Promise<number>((resolve) => lane.post("{}", resolve));
  assert.deepEqual([await post(), await post(), connections.length], [200, 200, 1]);
  nowMs += 4_001;
  assert.deepEqual(await Promise.all([post(), post(), post()]), [200, 200, 200]);
  assert.equal(connections.length, 2);
  nowMs += 3_999;
  assert.deepEqual([await post(), connections.length], [200, 2]);
  lane.close();
});

test("whatever waits when the server closes is told so, and the next goes by another connection", async () => {
  const lane = openHttpLane(url, {}, () => 0);
  const post = () => new Promise<number>((resolve) => lane.post("{}", resolve));
  assert.equal(await post(), 200);
  const before = connections.length;
  const waiting = [post(), post()];
  connections.at(-1)?.destroy();
  assert.deepEqual(await Promise.all(waiting), [0, 0]);
  assert.deepEqual([await post(), connections.length], [200, before + 1]);
  lane.close();
});
