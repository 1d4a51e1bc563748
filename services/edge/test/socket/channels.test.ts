/** What a socket hears by what it watches: an API key's what it chose, a person's everything. On real rows. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import { limits } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openStore } from "@rookery/store";
import { openFaultOf } from "../../src/outage.ts";
import { openPresences, type Presences } from "../../src/room/presences.ts";
import { openRooms, type Rooms } from "../../src/room/rooms.ts";
import { openUsers, type Users } from "../../src/room/users.ts";
import { type Channels, openChannels } from "../../src/socket/channels.ts";
import { fanOut } from "../../src/socket/fan-out.ts";
import { type Membership, openMembership } from "../../src/socket/membership.ts";
import { sync } from "../../src/socket/sync.ts";
import { type FakeSocket, openFakeSocket } from "./fake-socket.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "channels test", connectionsMax: 4, log });
const opened: Channels[] = [];
after(async () => {
  for (const channels of opened) channels.close();
  await store.end();
  await database.close();
});
const withinMs = 5_000;
const [ada, bob, eve, root] = [1, 2, 3, 4];
const bot = 7;

await store.query(
  `insert into users (id, display_name, created_ms, role, last_seen_ms) overriding system value
   values (1, 'Ada', 1, 'member', 11), (2, 'Bob', 1, 'member', 22), (3, 'Eve', 1, 'member', null),
     (4, 'Root', 1, 'admin', null), (7, 'Bot', 1, 'member', null), (8, 'Other bot', 1, 'member', null)`,
);
await store.query(
  `insert into bot (id, owner_id, username, username_key, mode, token_key_id, token_box, secret_key_id, secret_box,
     secret_digest, created_ms)
   values (7, 1, 'b7', 'b7', 'polling', 'k', '', 'k', '', '', 1), (8, 2, 'b8', 'b8', 'polling', 'k', '', 'k', '', '', 1)`,
);

async function makeChat(
  chatId: number,
  members: readonly number[],
  botId: number | null = null,
): Promise<void> {
  await store.query(
    `insert into chat (id, type, rev, created_by, created_ms, telegram) values ($1, $2, 1, 1, 1, $3)`,
    [chatId, botId === null ? "group" : "telegram", botId === null ? null : { botId, chatId: -chatId }],
  );
  for (const userId of members) await join(chatId, userId);
}
async function join(chatId: number, userId: number): Promise<void> {
  await store.query(
    `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev) values ($1, $2, 'member', 0, 1, 1)`,
    [chatId, userId],
  );
}
async function part(chatId: number, userId: number): Promise<void> {
  await store.query("update member set left_ms = 9 where chat_id = $1 and user_id = $2", [chatId, userId]);
}
/** Word of the user's actor that a chat was joined or left. */
async function feed(edge: Edge, userId: number, chatId: number, added: boolean): Promise<void> {
  const { rows } = await store.query<{ rev: number }>(
    `insert into user_change (user_id, rev, chat_id, chat_rev, added)
     select $1, coalesce(max(rev), 0) + 1, $2, 1, $3 from user_change where user_id = $1 returning rev`,
    [userId, chatId, added],
  );
  edge.users.head(userId, rows[0]?.rev ?? 0);
}

interface Edge {
  readonly rooms: Rooms;
  readonly users: Users;
  readonly membership: Membership;
  readonly presences: Presences;
  readonly channels: Channels;
  /** What its owners were told, as `+chat:5` and `-chat:5`. */
  readonly interest: string[];
  enter(userId: number, keyId?: number): Promise<FakeSocket>;
}

function openEdge(): Edge {
  const told: string[] = [];
  const interest = {
    watch: async ({ kind, id }: { kind: string; id: number }) => void told.push(`+${kind}:${id}`),
    unwatch: ({ kind, id }: { kind: string; id: number }) => void told.push(`-${kind}:${id}`),
    repeat: () => {},
    isQuiet: () => true,
  };
  const rooms = openRooms({ store, interest, log, fanOut, departed: () => {} });
  const users = openUsers({ interest, behind: (connection) => void membership.pull(connection) });
  const membership = openMembership({
    store,
    rooms,
    users,
    departed: (userId) => channels.departed(userId),
    log,
  });
  const presences = openPresences({ interest, shards: 4, fanOut });
  const channels = openChannels({
    store,
    membership,
    users,
    presences,
    faultOf: openFaultOf(log),
    log,
  });
  opened.push(channels);
  return {
    rooms,
    users,
    membership,
    presences,
    channels,
    interest: told,
    async enter(userId, keyId) {
      const socket = openFakeSocket(userId, keyId);
      await membership.open(socket.connection);
      for (const chatId of socket.connection.rooms.keys()) socket.connection.subscribe(chatId);
      return socket;
    },
  };
}

async function say(
  edge: Edge,
  { connection, sent }: FakeSocket,
  type: "Watch" | "Unwatch",
  ...names: string[]
): Promise<{ readonly watched: readonly string[]; readonly refused: readonly string[] }> {
  const from = sent.length;
  edge.channels.handle(connection, { type, channels: names });
  const isAnswered = () => sent.slice(from).some((frame) => frame.type === "Watched") || null;
  await until(isAnswered, { withinMs, what: "Watched" });
  return {
    watched: sent.slice(from).flatMap((frame) => (frame.type === "Watched" ? frame.channels : [])),
    refused: sent.slice(from).flatMap((frame) => (frame.type === "Error" ? [frame.message] : [])),
  };
}

await makeChat(1, [ada, bob]);
await makeChat(2, [ada]);
await makeChat(3, [bob]);
await makeChat(4, [ada], bot);
await makeChat(5, [ada, bob], 8);

test("a person hears every chat at once; a key's socket hears nothing until it watches", async () => {
  const edge = openEdge();
  const person = await edge.enter(ada);
  const key = await edge.enter(ada, 70);
  assert.deepEqual(person.chats(), [1, 2, 4, 5]);
  assert.deepEqual(key.chats(), []);
  assert.equal(key.connection.rooms.size, 0);

  const { watched, refused } = await say(edge, key, "Watch", "chat:1", "chat:3", "chat:99");
  assert.deepEqual(watched, ["chat:1"]);
  assert.deepEqual(refused, ["there is no chat 3", "there is no chat 99"], "another's chat is as none");
  assert.deepEqual(key.chats(), [1]);
  assert.deepEqual((await say(edge, person, "Watch", "chat:2")).watched, ["chat:2"]);
});

test("a key's Sync of a chat it does not watch reads it, and is no Watch", async () => {
  const edge = openEdge();
  const key = await edge.enter(ada, 70);
  const head = { seq: 0, rev: 0, receiptRev: 0 };
  await say(edge, key, "Watch", "chat:1");
  const frame = { type: "Sync", chats: { "1": { seq: 0 }, "2": { seq: 0 } } } as const;
  const synced = sync({ store, membership: edge.membership }, key.connection, frame);
  for (const chatId of [1, 2]) edge.rooms.head(chatId, head);
  await synced;
  assert.deepEqual(
    key.sent.flatMap((each) => (each.type === "SyncResult" ? [each.chatId] : [])).toSorted((a, b) => a - b),
    [1, 2],
  );
  assert.deepEqual([key.chats(), [...key.connection.rooms.keys()]], [[1], [1]]);
});

test("bot:7 is the Telegram chats of a bot one owns; all is all of one's own; both are ended by Unwatch", async () => {
  const edge = openEdge();
  const key = await edge.enter(ada, 70);
  assert.deepEqual((await say(edge, key, "Watch", "bot:7", "bot:8")).refused, ["there is no bot 8"]);
  assert.deepEqual(key.chats(), [4]);
  await say(edge, key, "Watch", "all", "chat:1");
  assert.deepEqual(key.chats(), [1, 2, 4, 5]);
  assert.deepEqual((await say(edge, key, "Unwatch", "all")).watched, ["bot:7", "chat:1"]);
  assert.deepEqual(key.chats(), [1, 4], "what the others name is still heard");
  await say(edge, key, "Unwatch", "bot:7", "chat:1");
  assert.deepEqual([key.chats(), key.connection.rooms.size], [[], 0]);
});

test("chats joined later are heard by all, by their bot's channel, and by nobody who chose another", async () => {
  const edge = openEdge();
  const [all, bots, one] = [await edge.enter(ada, 71), await edge.enter(ada, 72), await edge.enter(ada, 73)];
  await say(edge, all, "Watch", "all");
  await say(edge, bots, "Watch", "bot:7");
  await say(edge, one, "Watch", "chat:1");
  await makeChat(10, [ada], bot);
  await feed(edge, ada, 10, true);
  await makeChat(11, [ada]);
  await feed(edge, ada, 11, true);
  await until(
    () => all.chats().includes(11) && bots.connection.userRev === 2 && one.connection.userRev === 2,
    {
      withinMs,
    },
  );
  assert.deepEqual([all.chats().includes(10), bots.chats().includes(10)], [true, true]);
  assert.deepEqual(
    [bots.chats().includes(11), one.chats().includes(10), one.chats().includes(11)],
    [false, false, false],
  );
  assert.equal(one.sent.filter(({ type }) => type === "ChatAdded").length, 0);
});

test("[evicted] who leaves a chat hears no more of it, and is told what is still watched", async () => {
  await makeChat(20, [bob, ada]);
  const edge = openEdge();
  const key = await edge.enter(ada, 70);
  await say(edge, key, "Watch", "chat:20", "chat:1");
  edge.membership.evict(20, `user:${ada}`, 2);
  assert.deepEqual(key.chats(), [1]);
  assert.deepEqual(key.sent.at(-1), { type: "Watched", channels: ["chat:1"] });
});

test("presence is watched by who shares a chat, by oneself and by admins; the owner is told once", async () => {
  const edge = openEdge();
  const [one, other, outside, admin] = await Promise.all([ada, ada, eve, root].map((id) => edge.enter(id)));
  assert.ok(one && other && outside && admin);
  assert.deepEqual((await say(edge, one, "Watch", "presence:2")).watched, ["presence:2"]);
  await say(edge, other, "Watch", "presence:2");
  assert.deepEqual((await say(edge, outside, "Watch", "presence:2", "presence:3")).refused, [
    "there is no presence 2",
  ]);
  assert.deepEqual((await say(edge, admin, "Watch", "presence:3")).watched, ["presence:3"]);
  const offline = { type: "Presence", userId: bob, status: "offline", lastSeen: 22 };
  const heardLast = (socket: FakeSocket | undefined) => JSON.stringify(socket?.sent.at(-1));
  for (const socket of [one, other]) {
    await until(() => heardLast(socket) === JSON.stringify(offline), { withinMs, what: "how Bob is" });
  }
  edge.presences.told([[bob, "online", null]]);
  const online = { ...offline, status: "online" };
  for (const socket of [one, other]) {
    await until(() => heardLast(socket) === JSON.stringify(online), { withinMs, what: "that Bob is there" });
  }
  assert.equal(edge.interest.filter((word) => word === "+presence:2").length, 1);

  edge.channels.leave(one.connection);
  assert.ok(!edge.interest.includes("-presence:2"));
  await say(edge, other, "Unwatch", "presence:2");
  assert.ok(edge.interest.includes("-presence:2"), "the last watcher has gone");
});

test("a presence that may be watched no more is ended on both sides of who has left", async () => {
  await makeChat(30, [bob, eve]);
  const edge = openEdge();
  const [bobs, eves] = [await edge.enter(bob), await edge.enter(eve)];
  await say(edge, bobs, "Watch", "presence:3", "presence:1");
  await say(edge, eves, "Watch", "presence:2");
  await part(30, eve);
  edge.channels.departed(eve);
  await until(() => bobs.connection.channels.size === 1 && eves.connection.channels.size === 0, { withinMs });
  assert.deepEqual(bobs.sent.at(-1), { type: "Watched", channels: ["presence:1"] });
  edge.presences.told([
    [eve, "online", null],
    [bob, "online", null],
    [ada, "online", null],
  ]);
  await until(() => bobs.sent.at(-1)?.type === "Presence", { withinMs, what: "what is still watched" });
  const heard = (socket: FakeSocket, userId: number) =>
    socket.sent.some(
      (frame) => frame.type === "Presence" && frame.userId === userId && frame.status === "online",
    );
  assert.deepEqual([heard(bobs, eve), heard(eves, bob), heard(bobs, ada)], [false, false, true]);
});

test("a presence ends also where the feed is the only word of the leaving", async () => {
  await makeChat(31, [bob, eve]);
  const edge = openEdge();
  const eves = await edge.enter(eve);
  await say(edge, eves, "Watch", "presence:2");
  await part(31, eve);
  await feed(edge, eve, 31, false);
  await until(() => eves.connection.channels.size === 0, { withinMs });
  assert.deepEqual(eves.sent.at(-1), { type: "Watched", channels: [] });
});

test("[L7] a socket watches at most a thousand channels, and sixteen frames about them wait", async () => {
  const edge = openEdge();
  const socket = await edge.enter(root);
  const names = Array.from({ length: limits.channelsMax }, (_, index) => `chat:${index + 1}`);
  await say(edge, socket, "Watch", "presence:1");
  edge.channels.handle(socket.connection, { type: "Watch", channels: names });
  const refusals = () => socket.sent.flatMap((frame) => (frame.type === "Error" ? [frame.code] : []));
  await until(() => refusals().length === 1, { withinMs });
  assert.deepEqual(refusals(), ["invalid"]);
  for (let index = 0; index < 20; index += 1) {
    edge.channels.handle(socket.connection, { type: "Watch", channels: ["presence:1"] });
  }
  assert.deepEqual(
    refusals().slice(1),
    Array.from({ length: 4 }, () => "overloaded"),
  );
});

test("all sockets of a user here are away before their owner is told, and one that is back is enough", async () => {
  const edge = openEdge();
  const [one, other] = [await edge.enter(ada), await edge.enter(ada)];
  const words = () => edge.interest.filter((word) => word.endsWith("away:1"));
  edge.users.setAway(one.connection, true);
  assert.deepEqual(words(), []);
  edge.users.setAway(other.connection, true);
  assert.deepEqual(words(), ["+away:1"]);
  const third = await edge.enter(ada);
  assert.deepEqual(words(), ["+away:1", "-away:1"], "a new socket is there");
  edge.users.leave(third.connection);
  assert.deepEqual(words(), ["+away:1", "-away:1", "+away:1"]);
  for (const { connection } of [one, other]) edge.users.leave(connection);
  assert.deepEqual(edge.interest.slice(-2).toSorted(), ["-away:1", "-user:1"]);
});
