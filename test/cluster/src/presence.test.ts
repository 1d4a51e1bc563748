/** Who is there, who is typing, and what a socket watches: told to whom it concerns, and never stored. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FrameOf, until } from "@rookery/kit";
import { type Cluster, openCluster } from "./cluster.ts";
import { createDirect, createGroup, expect, type Person, register, request } from "./rest.ts";
import { openSocket, type Socket } from "./socket.ts";

type PresenceFrame = FrameOf<"Presence">;

/** After the last socket is gone; until then nobody is told. */
const graceMs = 10_000;
/** What a status may take to get from one edge by its owner to another. */
const promptMs = 5_000;

function presencesOf(socket: Socket, userId: number, after = 0): PresenceFrame[] {
  return socket.journal
    .slice(after)
    .filter((frame): frame is PresenceFrame => frame.type === "Presence" && frame.userId === userId);
}

/** How a user is, by the last that the socket has heard. */
async function lastIs(socket: Socket, userId: number, status: string, withinMs = promptMs): Promise<void> {
  const isLast = () => presencesOf(socket, userId).at(-1)?.status === status || undefined;
  await socket.when(`user ${userId} ${status}`, isLast, withinMs);
}

async function watch(socket: Socket, ...channels: string[]): Promise<readonly string[]> {
  const after = socket.journal.length;
  socket.send({ type: "Watch", channels });
  return (await socket.frame("Watched", () => true, { after })).channels;
}

describe("presence, typing and channels", () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let eve: Person;
  let chatId: number;
  /** Ann's socket, on the first edge; she watches Bob. */
  let watcher: Socket;

  const open = (person: Person, edge: number, options: { device?: string; format?: "json" | "proto" } = {}) =>
    openSocket({ base: cluster.edges[edge] as string, token: person.token, ...options });

  before(async () => {
    cluster = await openCluster({ edges: 2, workers: 2 });
    [ann, bob, eve] = await Promise.all(
      ["ann", "bob", "eve"].map((name) => register(cluster.base, name)) as [
        Promise<Person>,
        Promise<Person>,
        Promise<Person>,
      ],
    );
    chatId = (await createDirect(cluster.base, ann, bob)).id;
    watcher = await open(ann, 0, { format: "proto" });
  });
  after(async () => {
    await cluster?.close();
  });

  it("Watch answers with all that is watched, then with how they are, also at once after a start", async () => {
    assert.deepEqual(await watch(watcher, `presence:${bob.userId}`), [`presence:${bob.userId}`]);
    const first = await watcher.frame("Presence", ({ userId }) => userId === bob.userId, {
      withinMs: promptMs,
    });
    assert.deepEqual([first.status, first.lastSeen ?? null], ["offline", null]);
    const order = watcher.journal.map(({ type }) => type).filter((type) => type !== "Hello");
    assert.deepEqual(order, ["Watched", "Presence"]);
    assert.deepEqual(await watch(watcher, `chat:${chatId}`, "all"), [
      `presence:${bob.userId}`,
      `chat:${chatId}`,
      "all",
    ]);
    const after = watcher.journal.length;
    watcher.send({ type: "Unwatch", channels: ["all", "bot:5"] });
    const left = await watcher.frame("Watched", () => true, { after });
    assert.deepEqual(left.channels, [`presence:${bob.userId}`, `chat:${chatId}`]);
  });

  it("who is there, away and back is told to who watches, by several devices taken together", async () => {
    const heard = async (status: string, since: number): Promise<PresenceFrame> =>
      await watcher.frame("Presence", (frame) => frame.userId === bob.userId && frame.status === status, {
        after: since,
        withinMs: promptMs,
      });
    let since = watcher.journal.length;
    const phone = await open(bob, 1, { device: "phone" });
    const online = await heard("online", since);
    assert.ok(Math.abs((online.lastSeen ?? 0) - Date.now()) < promptMs);
    const laptop = await open(bob, 0, { device: "laptop" });

    since = watcher.journal.length;
    phone.send({ type: "Presence", status: "away" });
    await phone.ping();
    laptop.send({ type: "Presence", status: "away" });
    await heard("away", since);
    laptop.send({ type: "Presence", status: "online" });
    await heard("online", since);
    assert.deepEqual(
      presencesOf(watcher, bob.userId, since).map(({ status }) => status),
      ["away", "online"],
      "one device alone is not away",
    );

    // Whoever asks now is answered as it is now, by REST too.
    const second = await open(ann, 1);
    await watch(second, `presence:${bob.userId}`);
    assert.equal((await second.frame("Presence")).status, "online");
    const user = await expect<{ status?: string }>(200, cluster.base, "GET", `/v1/users/${bob.userId}`, {
      token: ann.token,
    });
    assert.equal(user.status, "online");
    await Promise.all([phone.close(), laptop.close(), second.close()]);
  });

  it("a reconnect within ten seconds is not seen; offline comes after them, with when it was", async () => {
    const since = watcher.journal.length;
    const again = await open(bob, 0);
    const leftMs = Date.now();
    await again.vanish();
    const offline = await watcher.frame("Presence", ({ userId }) => userId === bob.userId, {
      after: since,
      withinMs: graceMs + promptMs,
    });
    assert.equal(offline.status, "offline", "the reconnect was not told");
    assert.ok(Date.now() - leftMs >= graceMs - 500, `only ${Date.now() - leftMs} ms after`);
    assert.ok(Math.abs((offline.lastSeen ?? 0) - leftMs) < 2_000, "last seen when the last socket went");
    const told = await until(
      async () => {
        const user = await expect<{ lastSeen: number | null; status?: string }>(
          200,
          cluster.base,
          "GET",
          `/v1/users/${bob.userId}`,
          { token: ann.token },
        );
        return user.lastSeen === offline.lastSeen ? user : null;
      },
      { withinMs: promptMs, what: "last seen in the account" },
    );
    assert.equal(told?.status, "offline");
  });

  it("who shares no chat may not watch, and who shares one no more is told and hears no more", async () => {
    const outside = await open(eve, 1);
    assert.deepEqual(
      await watch(outside, `presence:${bob.userId}`, `presence:${eve.userId}`, "presence:999999"),
      [`presence:${eve.userId}`],
    );
    const errors = outside.journal.filter((frame) => frame.type === "Error");
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["not_found", "not_found"],
    );
    assert.deepEqual(await watch(outside, `chat:${chatId}`, "bot:1"), [`presence:${eve.userId}`]);

    const group = await createGroup(cluster.base, bob, [eve], "for a while");
    assert.ok((await watch(outside, `presence:${bob.userId}`)).includes(`presence:${bob.userId}`));
    await outside.frame("Presence", ({ userId }) => userId === bob.userId);
    const since = outside.journal.length;
    await expect(204, cluster.base, "DELETE", `/v1/chats/${group.id}/members/${eve.userId}`, {
      token: bob.token,
    });
    const left = await outside.frame("Watched", () => true, { after: since, withinMs: promptMs });
    assert.deepEqual(left.channels, [`presence:${eve.userId}`]);
    const bobs = await open(bob, 0);
    await lastIs(watcher, bob.userId, "online");
    await outside.ping();
    assert.equal(presencesOf(outside, bob.userId, since).length, 0);
    await Promise.all([bobs.close(), outside.close()]);
  });

  it("typing is told to the others of a chat on every edge, once in three seconds, and to nobody else", async () => {
    const [bobs, other, outside] = await Promise.all([
      open(bob, 1, { format: "proto" }),
      open(ann, 1),
      open(eve, 1),
    ]);
    const typings = (socket: Socket): FrameOf<"Typing">[] =>
      socket.journal.filter((frame): frame is FrameOf<"Typing"> => frame.type === "Typing");
    for (let round = 0; round < 5; round += 1) watcher.send({ type: "Typing", chatId });
    const typing = await bobs.frame("Typing", () => true, { withinMs: promptMs });
    assert.deepEqual([typing.chatId, typing.userId], [chatId, ann.userId]);
    bobs.send({ type: "Typing", chatId });
    await Promise.all(
      [watcher, other].map((socket) => socket.frame("Typing", () => true, { withinMs: promptMs })),
    );
    outside.send({ type: "Typing", chatId });
    assert.equal((await outside.frame("Error")).code, "not_found");
    await Promise.all([bobs.ping(), other.ping(), outside.ping(), watcher.ping()]);
    for (const socket of [watcher, other]) {
      assert.deepEqual(
        typings(socket).map(({ userId }) => userId),
        [bob.userId],
        "not her own",
      );
    }
    assert.equal(typings(bobs).length, 1, "five at once are one");
    assert.equal(typings(outside).length, 0);

    const channel = await expect<{ id: number }>(201, cluster.base, "POST", "/v1/chats", {
      token: ann.token,
      body: { type: "channel", memberIds: [bob.userId], title: "news" },
    });
    await bobs.frame("ChatAdded", ({ chat }) => chat.id === channel.id);
    const since = other.journal.length;
    bobs.send({ type: "Typing", chatId: channel.id });
    await other.submit(channel.id, "behind-typing", "news");
    await bobs.heard(channel.id, 1);
    assert.ok(!other.journal.slice(since).some(({ type }) => type === "Typing"), "readers are not heard");
    await Promise.all([bobs.close(), other.close(), outside.close()]);
  });

  it("what is published right before typing still reaches the sockets that typing leaves out, in order", async () => {
    const bobs = await open(bob, 0);
    const bodies = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    for (const body of bodies) {
      bobs.send({ type: "SendMessage", uuid: body.replace(" ", "-"), chatId, body });
      bobs.send({ type: "Typing", chatId });
    }
    await until(() => bobs.acks.size === bodies.length, { withinMs: promptMs });
    const seen = await bobs.heard(chatId, bodies.length);
    assert.deepEqual(
      seen.map(({ body }) => body),
      bodies,
    );
    await bobs.close();
  });

  it("[L10] the devices of a user are listed, on every edge, and again after Redis was killed", async () => {
    const [phone, desk] = [await open(bob, 0, { device: "phone" }), await open(bob, 1, { device: "desk" })];
    interface Device {
      readonly device: string;
      readonly edge: string;
      readonly status: string;
      readonly since: number;
    }
    const devices = async (): Promise<readonly Device[]> => {
      const { status, body } = await request<{ items: readonly Device[] }>(
        cluster.edges[1] as string,
        "GET",
        "/v1/users/me/devices",
        { token: bob.token },
      );
      return status === 200 ? body.items : [];
    };
    const names = async () => (await devices()).map(({ device }) => device).join();
    await until(async () => (await names()) === "phone,desk", { withinMs: promptMs });
    const [one, other] = await devices();
    assert.notEqual(one?.edge, other?.edge);
    assert.ok((one?.since ?? 0) <= (other?.since ?? 0) && (one?.since ?? 0) > Date.now() - 60_000);
    desk.send({ type: "Presence", status: "away" });
    await until(async () => (await devices()).map(({ status }) => status).join() === "online,away", {
      withinMs: promptMs,
    });
    cluster.kill("redis");
    await phone.close();
    await until(async () => (await names()) === "desk", { withinMs: 30_000, what: "the devices again" });
    await desk.close();
    await until(async () => (await names()) === "", { withinMs: promptMs });
  });

  it("a socket watches at most 1,000 channels", async () => {
    const after = watcher.journal.length;
    watcher.send({
      type: "Watch",
      channels: Array.from({ length: 1_000 }, (_, index) => `presence:${index + 100_000}`),
    });
    assert.equal((await watcher.frame("Error", () => true, { after })).code, "invalid");
    await watcher.ping();
    assert.equal(watcher.journal.filter(({ type }) => type === "Error").length, 1);
  });

  it("a worker that dies takes no presence with it, and an edge that dies takes its people offline", async () => {
    const bobs = await open(bob, 1);
    await lastIs(watcher, bob.userId, "online");
    let since = watcher.journal.length;
    cluster.kill("worker", 0);
    cluster.kill("worker", 1);
    // Back when a commit goes through again.
    await watcher.submit(chatId, "after-the-takeover", "still there?", 30_000);
    const late = await open(ann, 0);
    await watch(late, `presence:${bob.userId}`);
    await late.frame("Presence", ({ status }) => status === "online", { withinMs: promptMs });
    bobs.send({ type: "Presence", status: "away" });
    await watcher.frame("Presence", ({ status }) => status === "away", { after: since, withinMs: promptMs });
    assert.deepEqual(
      presencesOf(watcher, bob.userId, since).map(({ status }) => status),
      ["away"],
      "the takeover itself was not seen",
    );

    since = watcher.journal.length;
    const killedMs = Date.now();
    cluster.kill("edge", 1);
    await watcher.frame("Presence", ({ status }) => status === "offline", {
      after: since,
      withinMs: graceMs + 2 * promptMs,
    });
    assert.ok(Date.now() - killedMs >= graceMs - 500);
    await late.close();
  });
});
