/** What a room passes on, and to whom no more: changes before the messages that stand behind them (L4, L5). */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import type { ChangeFrame, Event, Message } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openStore } from "@rookery/store";
import { catchUp, type Page } from "../../src/room/catch-up.ts";
import type { Placed } from "../../src/room/room.ts";
import { openRooms, type Rooms } from "../../src/room/rooms.ts";
import { openMembership } from "../../src/socket/membership.ts";
import type { Users } from "../../src/room/users.ts";
import type { Connection } from "../../src/socket/connection.ts";
import { Seats } from "../../src/socket/seats.ts";
import { openFakeSocket } from "../socket/fake-socket.ts";

const log = openLog("test", { LOG_LEVEL: "silent" });
const database = await openTestDatabase();
const store = openStore({ url: database.url, name: "rooms test", connectionsMax: 2, log });
after(async () => {
  await store.end();
  await database.close();
});
const userId = 7;

const left = (chatId: number, rev: number): ChangeFrame => ({
  type: "MemberChanged",
  chatId,
  rev,
  userId,
  role: "member",
  change: "left",
});

function message(chatId: number, seq: number, rev: number): Message {
  const content = { kind: "text", body: "", entities: [], replyTo: null, forward: null, attachments: [] };
  const state = {
    reactions: {},
    pinned: false,
    editedAt: null,
    deletedAt: null,
    ts: 1,
    source: "ws",
  } as const;
  return { chatId, seq, rev, senderId: 1, uuid: `u-${seq}`, ...content, ...state };
}

/** A room at its beginning, and what came out of it, in order. */
async function follow(chatId: number): Promise<{ readonly rooms: Rooms; readonly told: string[] }> {
  const told: string[] = [];
  const rooms = openRooms({
    store,
    log,
    interest: { watch: async () => {}, unwatch: () => {} },
    fanOut: (_, frame) => told.push(frame.type),
    departed: (_, who, rev) => told.push(`departed ${who} at ${rev}`),
  });
  await rooms.enter(chatId);
  rooms.head(chatId, { seq: 0, rev: 0, receiptRev: 0 });
  return { rooms, told };
}

const change = (chatId: number, rev: number): Event & { kind: "change" } => ({
  kind: "change",
  chatId,
  rev,
  frame: left(chatId, rev),
});
const said = (chatId: number, seq: number, rev: number): Event & { kind: "message" } => ({
  kind: "message",
  chatId,
  seq,
  message: message(chatId, seq, rev),
});

async function insertRows(chatId: number): Promise<void> {
  await store.query("insert into change (chat_id, rev, frame) values ($1, 1, $2)", [
    chatId,
    JSON.stringify(left(chatId, 1)),
  ]);
  await store.query(
    `insert into message (chat_id, seq, rev, sender_id, uuid, kind, body, source, ts)
     values ($1, 1, 0, 1, 'u-1', 'text', '', 'ws', 1), ($1, 2, 1, 1, 'u-2', 'text', '', 'ws', 1)`,
    [chatId],
  );
}

test("[L4] who leaves is out after the frame that says so and before anything else", async () => {
  const { rooms, told } = await follow(1);
  for (const event of [said(1, 1, 0), change(1, 1), said(1, 2, 1)]) rooms.event(event);
  assert.deepEqual(told, ["Message", "MemberChanged", "departed user:7 at 1", "Message"]);
});

test("[L5] a message waits for a change before it that was lost, and that is read first", async () => {
  await insertRows(2);
  const { rooms, told } = await follow(2);
  rooms.event(said(2, 1, 0));
  rooms.event(said(2, 2, 1));
  assert.deepEqual(told, ["Message"]);
  await until(() => told.length === 4, { withinMs: 5_000, what: "what was lost" });
  assert.deepEqual(told, ["Message", "MemberChanged", "departed user:7 at 1", "Message"]);
});

test("[L5] where everything was lost, changes are passed on before the messages behind them", async () => {
  await insertRows(3);
  const { rooms, told } = await follow(3);
  rooms.head(3, { seq: 2, rev: 1, receiptRev: 0 });
  await until(() => told.length === 4, { withinMs: 5_000, what: "what was lost" });
  assert.deepEqual(told.slice(-3), ["departed user:7 at 1", "Message", "Message"]);
});

const receipts = (chatId: number, receiptRev: number): Event & { kind: "receipts" } => ({
  kind: "receipts",
  chatId,
  receiptRev,
  marks: [{ userId, deliveredSeq: receiptRev, readSeq: receiptRev }],
  crowd: false,
});

/** Two people have come to 3 by the third change of the chat's receipts. */
async function insertReceipts(chatId: number): Promise<void> {
  const marks = JSON.stringify({ 7: [3, 3], 8: [3, 1] });
  await store.query("insert into receipt (chat_id, block, blocks, rev, marks) values ($1, 0, 1, 3, $2)", [
    chatId,
    marks,
  ]);
}

test("receipts are passed on as they come, and old ones are not", async () => {
  const { rooms, told } = await follow(5);
  for (const event of [receipts(5, 1), receipts(5, 2), receipts(5, 1)]) rooms.event(event);
  assert.deepEqual(told, ["Receipt", "Receipt"]);
});

test("[L5] where receipts were lost, all there are are read and passed on", async () => {
  await insertReceipts(6);
  const { rooms, told } = await follow(6);
  rooms.event(receipts(6, 1));
  rooms.event(receipts(6, 3));
  await until(() => told.length === 3, { withinMs: 5_000, what: "the receipts that were lost" });
  assert.deepEqual(told, ["Receipt", "Receipt", "Receipt"]);
});

test("[L5] the last receipts are missed too, by the head", async () => {
  await insertReceipts(7);
  const { rooms, told } = await follow(7);
  rooms.head(7, { seq: 0, rev: 0, receiptRev: 3 });
  await until(() => told.length === 2, { withinMs: 5_000, what: "the receipts that were lost" });
});

test("a reader catches up with all receipts, and with those that were passed on meanwhile, once", async () => {
  await insertReceipts(8);
  const { rooms } = await follow(8);
  const room = await rooms.enter(8);
  rooms.head(8, { seq: 0, rev: 0, receiptRev: 3 });
  await until(() => !room.healing, { withinMs: 5_000, what: "the room's receipts" });
  const pages: Page[] = [];
  let joined: readonly Placed[] | null = null;
  const caught = catchUp(
    store,
    room,
    { seq: 0, rev: 0, receiptRev: 0 },
    {
      wanted: () => true,
      page: (page) => pages.push(page),
      taken: async () => {},
      join: (missed) => (joined = missed),
    },
  );
  rooms.event(receipts(8, 4));
  await caught;
  assert.deepEqual(
    pages.map(({ marks, more }) => [marks.map((mark) => mark.userId), more]),
    [[[7, 8], false]],
  );
  assert.deepEqual(joined, [
    {
      kind: "receipts",
      fromRev: 3,
      receiptRev: 4,
      frames: [{ type: "Receipt", chatId: 8, userId, deliveredSeq: 4, readSeq: 4 }],
    },
  ]);
});

test("[W2] a page waits until those before it are taken, and all come, each row once", async () => {
  const chatId = 41;
  const count = 40;
  // Some four of them fill a page.
  await store.query(
    `insert into message (chat_id, seq, rev, sender_id, uuid, kind, body, source, ts)
     select $1, n, 0, 1, 'u-' || n, 'text', repeat('x', 12000), 'ws', 1 from generate_series(1, $2::int) n`,
    [chatId, count],
  );
  const { rooms } = await follow(chatId);
  const room = await rooms.enter(chatId);
  rooms.head(chatId, { seq: count, rev: 0, receiptRev: 0 });
  await until(() => room.seq === count, { withinMs: 5_000, what: "the room" });
  const pages: Page[] = [];
  const waiting: (() => void)[] = [];
  const caught = catchUp(
    store,
    room,
    { seq: 0, rev: 0, receiptRev: 0 },
    {
      wanted: () => true,
      page: (page) => pages.push(page),
      taken: () => new Promise((resolve) => waiting.push(resolve)),
      join: () => {},
    },
  );
  let isOver = false;
  void caught.then(() => (isOver = true));
  for (let turn = 1; !isOver; turn++) {
    await until(() => isOver || waiting.length > 0, { withinMs: 5_000, what: `page ${turn} to be taken` });
    // What did not wait would be read by then.
    for (let look = 0; look < 3; look++) await store.query("select 1");
    assert.equal(pages.length, turn, "no page before the last was taken");
    waiting.shift()?.();
    await Promise.resolve();
  }
  assert.ok(pages.length >= count / 5, `${pages.length} pages`);
  assert.deepEqual(
    pages.flatMap(({ messages }) => messages.map(({ seq }) => seq)),
    Array.from({ length: count }, (_, index) => index + 1),
  );
  assert.deepEqual(
    [...new Set(pages.slice(0, -1).map(({ more }) => more)), pages.at(-1)?.more],
    [true, false],
  );
});

test("[W2] receipts of a crowd come page by page too, all of them once", async () => {
  const chatId = 42;
  const count = 2_000;
  const marks = Object.fromEntries(Array.from({ length: count }, (_, index) => [index + 1, [1, 1]]));
  await store.query("insert into receipt (chat_id, block, blocks, rev, marks) values ($1, 0, 1, 3, $2)", [
    chatId,
    JSON.stringify(marks),
  ]);
  const { rooms } = await follow(chatId);
  const room = await rooms.enter(chatId);
  rooms.head(chatId, { seq: 0, rev: 0, receiptRev: 3 });
  await until(() => room.receiptRev === 3, { withinMs: 5_000, what: "the room's receipts" });
  const pages: Page[] = [];
  let takings = 0;
  await catchUp(
    store,
    room,
    { seq: 0, rev: 0, receiptRev: 0 },
    {
      wanted: () => true,
      page: (page) => pages.push(page),
      taken: async () => void (takings += 1),
      join: () => {},
    },
  );
  assert.deepEqual(
    pages.map((page) => [page.marks.length, page.more]),
    [
      [800, true],
      [800, true],
      [400, false],
    ],
  );
  assert.equal(takings, 2);
  assert.equal(new Set(pages.flatMap((page) => page.marks.map((mark) => mark.userId))).size, count);
});

/** A socket as far as membership looks at it. */
function openSocket(): Connection {
  return openFakeSocket(userId).connection;
}

async function enterAt(chatId: number, roomRev: number, memberRev: number) {
  const connection = openSocket();
  const { rooms } = await follow(chatId);
  for (let rev = 1; rev <= roomRev; rev += 1) rooms.event(change(chatId, rev));
  const users = { connectionsOf: () => [connection] } as unknown as Users;
  const membership = openMembership({ store, rooms, users, departed: () => {}, log });
  return { connection, membership, entering: membership.enter(connection, chatId, memberRev) };
}

test("a socket is out at its user's leaving, and stays at an old one: they have come back since", async () => {
  const { connection, membership, entering } = await enterAt(4, 3, 9);
  const presence = await entering;
  assert.ok(presence);
  connection.subscribe(4);
  membership.evict(4, `user:${userId}`, 5);
  membership.evict(4, `user:${userId}`, 9);
  assert.deepEqual([connection.rooms.has(4), presence.room.hearers.length], [true, 1]);
  membership.evict(4, `user:${userId}`, 10);
  assert.deepEqual([connection.rooms.size, presence.room.hearers.length], [0, 0]);
});

test("a room that is beyond what was read of a member has them looked up once more", async () => {
  const stranger = await enterAt(5, 3, 2);
  assert.equal(await stranger.entering, undefined);
  assert.equal(stranger.connection.rooms.size, 0);

  await store.query(`insert into chat (id, type, rev, created_by, created_ms) values (6, 'group', 4, 1, 1)`);
  await store.query(
    `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev) values (6, $1, 'member', 0, 1, 4)`,
    [userId],
  );
  const member = await enterAt(6, 3, 2);
  assert.equal((await member.entering)?.memberRev, 4);

  const leaving = await enterAt(6, 3, 2);
  // Microtasks only: the answer of Postgres cannot be there yet.
  while (!leaving.connection.rooms.has(6)) await Promise.resolve();
  // Heard while it is looked up: later than what the rows say.
  leaving.membership.evict(6, `user:${userId}`, 5);
  assert.equal(await leaving.entering, undefined);
  assert.equal(leaving.connection.rooms.size, 0);
});

test("[L4] who has joined is told of the chat once, and counts from there, also when reading it fails meanwhile", async () => {
  const chatId = 40;
  await store.query(
    `insert into chat (id, type, title, rev, created_by, created_ms) values ($1, 'group', 't', 1, 1, 1)`,
    [chatId],
  );
  await store.query(
    `insert into member (chat_id, user_id, role, joined_seq, joined_ms, rev) values ($1, $2, 'member', 0, 1, 1)`,
    [chatId, userId],
  );
  await store.query(
    "insert into user_change (user_id, rev, chat_id, chat_rev, added) values ($1, 1, $2, 1, true)",
    [userId, chatId],
  );
  const { rooms } = await follow(chatId);
  // The first look at the chat's changes fails; by the second there is one more, which the room has passed on.
  let failures = 1;
  const flaky = new Proxy(store, {
    get: (target, name) =>
      name !== "query"
        ? (Reflect.get(target, name) as unknown)
        : async (...asked: unknown[]) => {
            const { name: statement } = asked[0] as { readonly name?: string };
            if (statement === "read changes" && failures > 0) {
              failures -= 1;
              await store.query("update chat set rev = 3 where id = $1", [chatId]);
              throw new Error("away");
            }
            return await Reflect.apply(
              Reflect.get(target, name) as (...all: unknown[]) => unknown,
              target,
              asked,
            );
          },
  });
  for (const rev of [1, 2, 3]) {
    await store.query("insert into change (chat_id, rev, frame) values ($1, $2, $3)", [
      chatId,
      rev,
      JSON.stringify({ ...left(chatId, rev), userId: 9 }),
    ]);
  }
  const sent: string[] = [];
  const tell = (frame: {
    readonly type: string;
    readonly rev?: number;
    readonly chat?: { readonly rev: number };
  }) => sent.push(`${frame.type} ${frame.chat?.rev ?? frame.rev}`);
  const seats = new Seats();
  const connection = {
    closed: false,
    phase: "live",
    userRev: 0,
    pulling: null,
    hears: "all",
    channels: new Set(),
    session: { userId, principal: { keyId: null } },
    rooms: seats,
    send: tell,
    sendAll: (frames: Iterable<{ readonly type: string }>) => [...frames].map(tell),
    subscribe() {
      sent.push("subscribed");
      seats.setPlace(chatId, 0);
    },
  } as unknown as Connection;
  const users = { connectionsOf: () => [connection], revOf: () => 1 } as unknown as Users;
  const membership = openMembership({ store: flaky, rooms, users, departed: () => {}, log });
  rooms.head(chatId, { seq: 0, rev: 1, receiptRev: 0 });
  const room = await rooms.enter(chatId);
  for (const rev of [2, 3]) {
    rooms.event({ ...change(chatId, rev), frame: { ...left(chatId, rev), userId: 9 } as ChangeFrame });
  }
  await until(() => room.rev === 3, { withinMs: 5_000, what: "the room" });
  await store.query("update chat set rev = 1 where id = $1", [chatId]);
  await membership.pull(connection);
  assert.equal(failures, 0);
  assert.deepEqual(sent, ["ChatAdded 1", "MemberChanged 2", "MemberChanged 3", "subscribed"]);
  await membership.pull(connection, 0);
  assert.equal(sent.length, 4, "what a Sync reads again is not told again");
});
