/** The stranger's client against a scripted server: it must see what is there, and not wait for what is not. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { ClientFrame } from "@rookery/kit";
import { type WebSocket, WebSocketServer } from "ws";
import { type Format, openCodec } from "./codec.ts";
import { openSocket } from "./socket.ts";

const hello = { userId: 1, connId: "c", heartbeatMs: 1, frameBytesMax: 65_536, serverTime: 1, userRev: 0 };

describe("the test's own client", () => {
  let server: Server;
  let base: string;
  /** What the scripted server does with each frame it gets. */
  let script: (answer: (frame: ClientFrame) => void, ws: WebSocket) => void;

  before(async () => {
    const sockets = new WebSocketServer({ noServer: true });
    server = createServer().on("upgrade", (request, stream, head) => {
      if (request.url?.includes("token=refused") === true) {
        stream.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      sockets.handleUpgrade(request, stream, head, (ws) => {
        const codec = openCodec(ws.protocol.replace("rookery.v1.", "") as Format);
        const answer = (frame: ClientFrame): void => ws.send(codec.encode(frame));
        answer({ type: "Hello", ...hello });
        ws.on("message", () => script(answer, ws));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const format of ["json", "proto"] as const) {
    it(`reads and writes ${format}, and keeps a journal of everything`, async () => {
      const message = { chatId: 5, seq: 2, rev: 0, senderId: 7, uuid: "u", kind: "text", body: "é" };
      script = (answer) => {
        answer({ type: "Message", ...message });
        answer({ type: "Message", ...message });
        answer({ type: "Ack", uuid: "u", chatId: 5, seq: 2, rev: 0, ts: 9, duplicate: false });
      };
      const socket = await openSocket({ base, token: "t", format });
      const ack = await socket.say(5, "u");
      assert.deepEqual([ack.seq, ack.duplicate, ack.rev], [2, false, 0]);
      assert.equal((await socket.heard(5, 2)).length, 2, "a message that comes twice is there twice");
      assert.deepEqual(
        socket.journal.map(({ type }) => type),
        ["Hello", "Message", "Message", "Ack"],
      );
      await socket.vanish();
    });
  }

  it("does not take another's answer, an old one or silence for its own", async () => {
    script = (answer) =>
      answer({ type: "Ack", uuid: "other", chatId: 5, seq: 1, rev: 0, ts: 1, duplicate: false });
    const socket = await openSocket({ base, token: "t" });
    await assert.rejects(socket.submit(5, "mine", "x", 50), /no answer to mine in 50 ms/);
    script = (answer) => answer({ type: "Error", uuid: "mine", code: "not_found", message: "no" });
    assert.equal((await socket.submit(5, "mine", "x", 500)).type, "Error");
    script = () => {};
    await assert.rejects(socket.submit(5, "mine", "x", 50), /no answer/);
    await socket.vanish();
  });

  it("fails a wait when the socket closes, and tells the code", async () => {
    script = (_answer, ws) => ws.close(4400);
    const socket = await openSocket({ base, token: "t" });
    await assert.rejects(socket.ping(), /closed with 4400/);
    assert.equal((await socket.closed).code, 4400);
  });

  it("fails every wait behind a frame it cannot read", async () => {
    script = (_answer, ws) => ws.send("{broken");
    const socket = await openSocket({ base, token: "t" });
    await assert.rejects(socket.ping(), SyntaxError);
    await socket.vanish();
  });

  it("tells the status of a refused upgrade", async () => {
    await assert.rejects(openSocket({ base, token: "refused", tokenIn: "query" }), { status: 401 });
  });
});
