/** A socket begins with Hello, whoever asks and however early. */
import assert from "node:assert/strict";
import { createDirect, login } from "../rest.ts";
import { openSocket } from "../socket.ts";
import type { Behaviours } from "./stage.ts";

export const opening: Behaviours = {
  async "says Hello first, with who one is and what the server allows"(stage) {
    const { ann } = stage.cast;
    const sockets = [await stage.open(ann), await stage.open(ann)];
    for (const socket of sockets) {
      const [hello] = socket.journal;
      assert.ok(hello?.type === "Hello");
      assert.equal(hello.userId, ann.userId);
      assert.ok(hello.heartbeatMs > 0);
      assert.equal(hello.frameBytesMax, 65_536);
      assert.ok(Math.abs(hello.serverTime - Date.now()) < 60_000);
      assert.equal(socket.journal.filter(({ type }) => type === "Hello").length, 1);
    }
    const [one, other] = await Promise.all(sockets.map((socket) => socket.frame("Hello")));
    assert.ok(one?.connId !== other?.connId, "each socket has a name of its own");
  },

  async "takes the token from the subprotocol, the Authorization header or the query"(stage) {
    const { bob } = stage.cast;
    for (const tokenIn of ["subprotocol", "header", "query"] as const) {
      const socket = await stage.open(bob, { tokenIn });
      assert.equal((await socket.frame("Hello")).userId, bob.userId);
    }
  },

  async "does after Hello, in order, what was sent before it"(stage) {
    const fay = await stage.newcomer("fay");
    const chat = await createDirect(stage.base, stage.cast.ann, fay);
    const uuids = ["early-1", "early-2", "early-3"];
    const early = uuids.map((uuid) => ({ type: "SendMessage", uuid, chatId: chat.id, body: uuid }));
    const socket = await stage.open(fay, { early: [...early, { type: "Ping", t: 5 }] });
    assert.equal(socket.journal[0]?.type, "Hello");
    const seen = await socket.heard(chat.id, 3);
    assert.deepEqual(
      seen.map(({ uuid }) => uuid),
      uuids,
    );
    await socket.frame("Pong", ({ t }) => t === 5);
  },

  async "answers Ping with Pong and what stood in it"(stage) {
    const socket = await stage.open(stage.cast.ann);
    for (const t of [1, 7, Date.now()]) {
      socket.send({ type: "Ping", t });
      await socket.frame("Pong", (pong) => pong.t === t);
    }
  },

  async "goes on under a fresh token by Auth, and refuses another's or none without an end"(stage) {
    const { ann, bob } = stage.cast;
    const socket = await stage.open(ann);
    const fresh = await login(stage.base, ann);
    socket.send({ type: "Auth", token: fresh.token });
    const { expiresAt } = await socket.frame("Authed");
    assert.ok(expiresAt > Date.now());
    for (const token of [bob.token, "nonsense"]) {
      const after = socket.journal.length;
      socket.send({ type: "Auth", token });
      const { code } = await socket.frame("Error", () => true, { after });
      assert.equal(code, "unauthorized");
    }
    await socket.ping();
  },

  async "is refused without a token, with 401"(stage) {
    const options = { base: stage.base, format: stage.format } as const;
    await assert.rejects(openSocket({ ...options, token: "", tokenIn: "query" }), { status: 401 });
  },
};
