/** What a room passes on, and to whom no more: changes before the messages that stand behind them (L4, L5). */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase, until } from "@rookery/kit";
import type { ChangeFrame, Event, Message } from "@rookery/protocol";
import { openLog } from "@rookery/runtime";
import { openStore } from "@rookery/store";
import { openRooms, type Rooms } from "../../src/room/rooms.ts";
import { openMembership } from "../../src/socket/membership.ts";
import type { Users } from "../../src/room/users.ts";
import type { Connection } from "../../src/socket/connection.ts";

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
  rooms.head(chatId, 0, 0);
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
  assert.deepEqual(told, ["Message", "MemberChanged", "departed 7 at 1", "Message"]);
});

test("[L5] a message waits for a change before it that was lost, and that is read first", async () => {
  await insertRows(2);
  const { rooms, told } = await follow(2);
  rooms.event(said(2, 1, 0));
  rooms.event(said(2, 2, 1));
  assert.deepEqual(told, ["Message"]);
  await until(() => told.length === 4, { withinMs: 5_000, what: "what was lost" });
  assert.deepEqual(told, ["Message", "MemberChanged", "departed 7 at 1", "Message"]);
});

test("[L5] where everything was lost, changes are passed on before the messages behind them", async () => {
  await insertRows(3);
  const { rooms, told } = await follow(3);
  rooms.head(3, 2, 1);
  await until(() => told.length === 4, { withinMs: 5_000, what: "what was lost" });
  assert.deepEqual(told.slice(-3), ["departed 7 at 1", "Message", "Message"]);
});

/** A socket as far as membership looks at it. */
function openSocket(): { readonly connection: Connection; readonly unsubscribed: number[] } {
  const unsubscribed: number[] = [];
  const connection = {
    closed: false,
    session: { userId },
    rooms: new Map(),
    unsubscribe: (chatId: number) => unsubscribed.push(chatId),
  } as unknown as Connection;
  return { connection, unsubscribed };
}

async function enterAt(chatId: number, roomRev: number, memberRev: number) {
  const { connection, unsubscribed } = openSocket();
  const { rooms } = await follow(chatId);
  for (let rev = 1; rev <= roomRev; rev += 1) rooms.event(change(chatId, rev));
  const users = { connectionsOf: () => [connection] } as unknown as Users;
  const membership = openMembership({ store, rooms, users, log });
  return { connection, unsubscribed, membership, entering: membership.enter(connection, chatId, memberRev) };
}

test("a socket is out at its user's leaving, and stays at an old one: they have come back since", async () => {
  const { connection, unsubscribed, membership, entering } = await enterAt(4, 3, 9);
  await entering;
  membership.evict(4, userId, 5);
  membership.evict(4, userId, 9);
  assert.equal(connection.rooms.has(4), true);
  membership.evict(4, userId, 10);
  assert.deepEqual([connection.rooms.size, unsubscribed], [0, [4]]);
});

test("a room that is beyond what was read of a member has them looked up once more", async () => {
  const stranger = await enterAt(5, 3, 2);
  assert.equal(await stranger.entering, undefined);
  assert.equal(stranger.connection.rooms.size, 0);

  await store.query(
    `insert into chat (id, type, head_seq, rev, created_by, created_ms) values (6, 'group', 0, 4, 1, 1)`,
  );
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
  leaving.membership.evict(6, userId, 5);
  assert.equal(await leaving.entering, undefined);
  assert.equal(leaving.connection.rooms.size, 0);
});
