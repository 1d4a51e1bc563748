/** Sockets that do not keep up, or should not be there: told so by a close code, never skipped silently (W2). */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { until } from "@rookery/kit";
import { WebSocket } from "ws";
import { catchUp } from "./catch-up.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { orderFaults } from "./order-check.ts";
import { createDirect, type Person, register } from "./rest.ts";
import { openSocket } from "./socket.ts";

/** A socket as `ws` has it, to be stopped below the protocol. */
async function openRaw(
  cluster: Cluster,
  person: Person,
  headers: Record<string, string> = {},
  query = "",
): Promise<WebSocket> {
  const url = `${cluster.base.replace("http", "ws")}/v1/ws${query}`;
  const socket = new WebSocket(url, ["rookery.v1.json", `bearer.${person.token}`], { headers });
  await once(socket, "open");
  return socket;
}

/** As the edge counts them. */
async function openSockets(cluster: Cluster): Promise<number> {
  const text = await (await fetch(`${cluster.base}/metrics`)).text();
  return Number(/^rookery_ws_connections(?:\{.*\})? (\d+)$/m.exec(text)?.[1]);
}

describe("a consumer", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  /** 16 MB of messages from ann to bob: more than the kernel takes on both sides. */
  let large: { readonly chatId: number; readonly count: number };

  before(async () => {
    cluster = await openCluster({ shards: 4 });
    [ann, bob] = await Promise.all([register(cluster.base, "ann"), register(cluster.base, "bob")]);
  });
  after(() => cluster?.close());

  it("[W2] that does not read is closed with 4001, and its Sync has everything", async () => {
    const chat = await createDirect(cluster.base, ann, bob);
    const slow = await openRaw(cluster, bob);
    await once(slow, "message");
    const seen: number[] = [];
    slow.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { type: string; seq?: number };
      if (frame.type === "Message" && frame.seq !== undefined) seen.push(frame.seq);
    });
    slow.pause();
    const writer = await openSocket({ base: cluster.base, token: ann.token });
    // Beyond what the kernel takes on both sides, there is more than the edge keeps for one socket.
    const count = 1_000;
    large = { chatId: chat.id, count };
    for (let index = 0; index < count; index += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, step) =>
          writer.say(chat.id, `big${index + step}`, "x".repeat(16_000)),
        ),
      );
    }
    // Given up by the edge, which looks now and then, before it could still catch up.
    await until(async () => (await openSockets(cluster)) === 1, {
      withinMs: 10_000,
      what: "the slow one gone",
    });
    const closed = once(slow, "close");
    slow.resume();
    const [code]: unknown[] = await closed;
    assert.equal(code, 4001);
    assert.deepEqual(
      seen,
      Array.from(seen, (_, index) => index + 1),
      "what came before came in order, without gaps",
    );
    assert.ok(seen.length < count);

    const again = await openSocket({ base: cluster.base, token: bob.token, resume: true });
    const missed = await catchUp(again, chat.id, { seq: seen.length, rev: 0 });
    assert.deepEqual(orderFaults("Sync", missed.messages, { first: seen.length + 1, last: count }), []);
    await Promise.all([again.close(), writer.close()]);
  });

  it("[W2] that is slow to read what it asked for is not closed for it, however much that is", async () => {
    const { chatId, count } = large;
    const slow = await openRaw(cluster, bob, {}, "?resume=1");
    await once(slow, "message");
    const seen: number[] = [];
    slow.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { type: string; messages?: readonly { seq: number }[] };
      if (frame.type === "SyncResult") seen.push(...(frame.messages ?? []).map(({ seq }) => seq));
    });
    slow.pause();
    slow.send(JSON.stringify({ type: "Sync", chats: { [chatId]: { seq: 0, rev: 0 } } }));
    // By then everything would have been sent to one that reads, several times.
    for (let round = 0; round < 3; round++) {
      const quick = await openSocket({ base: cluster.base, token: bob.token, resume: true });
      const { messages } = await catchUp(quick, chatId, { seq: 0, rev: 0 });
      assert.equal(messages.length, count);
      await quick.close();
    }
    const closed = once(slow, "close").then(([code]: unknown[]) => `closed with ${String(code)}`);
    slow.resume();
    const all = until(() => seen.length >= count, { withinMs: 20_000, what: "everything" });
    assert.equal(await Promise.race([closed, all]), true);
    assert.deepEqual(
      seen,
      Array.from({ length: count }, (_, index) => index + 1),
    );
    slow.close();
    await closed;
  });

  it("of an edge that stops is told so, closed with 4000, and misses nothing when it is back", async () => {
    const carl = await register(cluster.base, "carl");
    const chat = await createDirect(cluster.base, ann, carl);
    const socket = await openSocket({ base: cluster.base, token: carl.token });
    await socket.say(chat.id, "before");
    cluster.kill("edge", 0, "SIGTERM");
    const { reconnectMs } = await socket.frame("Draining");
    assert.ok(reconnectMs >= 0);
    assert.equal((await socket.closed).code, 4000);
    const again = await until(
      () => openSocket({ base: cluster.base, token: carl.token, resume: true }).catch(() => undefined),
      { withinMs: 20_000, what: "the edge again" },
    );
    assert.ok(again);
    const { messages } = await catchUp(again, chat.id, { seq: 0, rev: 0 });
    assert.deepEqual(
      messages.map(({ uuid }) => uuid),
      ["before"],
    );
    await again.close();
  });

  it("from a page of a foreign origin is refused with 403, from the cluster's own it is let in", async () => {
    const own = await openRaw(cluster, ann, { origin: cluster.base });
    own.close();
    const url = `${cluster.base.replace("http", "ws")}/v1/ws?token=${ann.token}`;
    const foreign = new WebSocket(url, { headers: { origin: "https://evil.example" } });
    const [, answer] = (await once(foreign, "unexpected-response")) as [unknown, { statusCode: number }];
    assert.equal(answer.statusCode, 403);
    foreign.on("error", () => {});
    foreign.terminate();
  });
});
