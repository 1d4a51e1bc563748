/** What a socket's frames may take of an edge, before its Hello and after. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientFrame, limits } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { until } from "@rookery/kit";
import { openFaultOf } from "../../src/outage.ts";
import { type FrameHandler, openFrameHandler } from "../../src/socket/frames.ts";
import type { Membership } from "../../src/socket/membership.ts";
import { openFakeSocket } from "./fake-socket.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });

/** Only what these tests ask of the rest of an edge is there. */
function openFrames(parts: { readonly pull?: Membership["pull"] } = {}): FrameHandler {
  const membership = { pull: parts.pull ?? (async () => {}) } as unknown as Membership;
  const store = { query: async () => ({ rows: [] }) } as unknown as Store;
  const rest = { store, membership, edge: "e", commandMs: 1_000, faultOf: openFaultOf(log) };
  return openFrameHandler(rest as unknown as Parameters<typeof openFrameHandler>[0]);
}

function encode(frame: ClientFrame): ArrayBuffer {
  return new Uint8Array(Buffer.from(JSON.stringify(frame))).buffer;
}

test("[L7] what comes before Hello is bounded by its bytes too; who sends more is to come again later", () => {
  const frames = openFrames();
  const { connection, codes } = openFakeSocket(1);
  connection.phase = "opening";
  const bytes = encode({ type: "Ping", t: 1 });
  for (let count = 0; count < 100; count++) frames.receive(connection, bytes, false);
  assert.deepEqual(codes, [], "few are kept");
  // None of them is a frame; each is as long as the server takes any.
  const long = new ArrayBuffer(700 * 1_024);
  frames.receive(connection, long, false);
  assert.deepEqual(codes, []);
  frames.receive(connection, long, false);
  assert.deepEqual(codes, [4100]);
});

test("frames that came before Hello are done after it, in their order", () => {
  const frames = openFrames();
  const { connection, sent } = openFakeSocket(1);
  connection.phase = "opening";
  for (const t of [1, 2, 3]) frames.receive(connection, encode({ type: "Ping", t }), false);
  assert.equal(sent.length, 0);
  connection.phase = "live";
  frames.resume(connection);
  assert.deepEqual(
    sent.map((frame) => frame.type === "Pong" && frame.t),
    [1, 2, 3],
  );
});

test("[L7] of one socket one Sync is done at a time, few wait, and one more is overloaded", async () => {
  const going: (() => void)[] = [];
  const frames = openFrames({ pull: () => new Promise((resolve) => going.push(resolve)) });
  const { connection, sent } = openFakeSocket(1);
  const sync = encode({ type: "Sync", chats: {} });
  for (let count = 0; count < 40; count++) frames.receive(connection, sync, false);
  await until(() => going.length > 0, { withinMs: 5_000, what: "the first Sync" });
  assert.equal(going.length, 1);
  const refusals = sent.flatMap((frame) => (frame.type === "Error" ? [frame.code] : []));
  assert.deepEqual([...new Set(refusals)], ["overloaded"]);
  const admitted = 40 - refusals.length;
  // All chats one may be in can be asked for at once.
  assert.ok(admitted >= limits.chatsPerUserMax / limits.syncChatsMax, `${admitted} admitted`);
  for (let done = 1; done <= admitted; done++) {
    await until(() => going.length === done, { withinMs: 5_000, what: `Sync ${done}` });
    going[done - 1]?.();
  }
  frames.receive(connection, sync, false);
  await until(() => going.length === admitted + 1, { withinMs: 5_000, what: "one more" });
  going.at(-1)?.();
  assert.equal(sent.length, refusals.length, "nothing else was said");
});
