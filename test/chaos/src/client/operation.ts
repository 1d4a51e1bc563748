/**
 * What clients do. New kinds of commands (edits, receipts, …) come here: one more row of the table, with entries of
 * their own in `entry.ts` and a check in `journal/`.
 */
import { randomUUID } from "node:crypto";
import type { Random } from "@rookery/kit";
import type { InviteEntry } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { pause } from "../pause.ts";
import type { Person, Population, Room } from "./population.ts";
import { request } from "./rest.ts";
import type { Message, Sender } from "./sender.ts";

export interface Lane {
  readonly sender: Sender;
  readonly random: Random;
  readonly population: Population;
  readonly edges: readonly string[];
  readonly invites: Pick<Journal<InviteEntry>, "add">;
  /** What this sender sent and was acked, newest last; repeats and edits are picked from here. */
  readonly history: Sent[];
  readonly signal: AbortSignal;
}

/** A message, and where it stands. */
type Sent = Message & { readonly seq: number };

export interface Operation {
  readonly name: string;
  readonly weight: number;
  /** Resolves when it has an outcome, or the run is over. */
  readonly run: (lane: Lane) => Promise<void>;
}

const historyMax = 2_000;
const padMax = 80;
const inviteRetryMs = 300;
const inviteMsMax = 4_000;

export const operations: readonly Operation[] = [
  { name: "send", weight: 600, run: send },
  { name: "repeat", weight: 60, run: repeat },
  { name: "edit", weight: 120, run: edit },
  { name: "react", weight: 100, run: react },
  { name: "pin", weight: 30, run: pin },
  { name: "delete", weight: 20, run: remove },
  { name: "read", weight: 50, run: read },
  { name: "invite", weight: 6, run: invite },
  { name: "part", weight: 4, run: part },
];

const emojis = ["👍", "🎉", "🦜"];

async function send({ sender, random, population, history }: Lane): Promise<void> {
  const rooms = population.rooms.filter((room) => room.members.includes(sender.person));
  if (rooms.length === 0) return;
  const { chatId } = random.pick(rooms);
  const uuid = `m-${randomUUID()}`;
  const message = { uuid, chatId, body: `${uuid} ${"x".repeat(random.integer(0, padMax))}` };
  const ack = await sender.submit(message);
  if (ack === undefined) return;
  history.push({ ...message, seq: ack.seq });
  if (history.length > historyMax) history.shift();
}

/** L3: a uuid that was acked before, however long ago, gives the same outcome again. */
async function repeat({ sender, random, history }: Lane): Promise<void> {
  const message = history.length === 0 ? undefined : random.pick(history);
  if (message === undefined || sender.isWaiting(message.uuid)) return;
  const { seq: _, ...sent } = message;
  await sender.submit(sent, { isRepeat: true });
}

async function edit({ sender, random, history }: Lane): Promise<void> {
  const uuid = `e-${randomUUID()}`;
  const at = pickPlace(random, history);
  if (at !== undefined) await sender.change({ type: "EditMessage", uuid, ...at, body: `edited by ${uuid}` });
}

async function react({ sender, random, history }: Lane): Promise<void> {
  const at = pickPlace(random, history);
  if (at === undefined) return;
  const change = { emoji: random.pick(emojis), remove: random.once(3) };
  await sender.change({ type: "React", uuid: `r-${randomUUID()}`, ...at, ...change });
}

async function pin({ sender, random, history }: Lane): Promise<void> {
  const at = pickPlace(random, history);
  if (at !== undefined) {
    await sender.change({ type: "Pin", uuid: `p-${randomUUID()}`, ...at, remove: random.once(3) });
  }
}

async function remove({ sender, random, history }: Lane): Promise<void> {
  const at = pickPlace(random, history);
  if (at !== undefined) await sender.change({ type: "DeleteMessage", uuid: `d-${randomUUID()}`, ...at });
}

function pickPlace(
  random: Random,
  history: readonly Sent[],
): { readonly chatId: number; readonly seq: number } | undefined {
  if (history.length === 0) return undefined;
  const { chatId, seq } = random.pick(history);
  return { chatId, seq };
}

/** Has read up to a message: by the socket, which says nothing, or by REST, which answers what is committed. */
async function read({ sender, random, history, edges, invites }: Lane): Promise<void> {
  const at = pickPlace(random, history);
  if (at === undefined) return;
  if (random.once(2)) {
    sender.tell({ type: random.pick(["Read", "Delivered"]), ...at });
    return;
  }
  const { chatId, seq } = at;
  const asked = { token: sender.person.token(), body: { seq }, withinMs: inviteMsMax };
  const answer = await request(random.pick(edges), "POST", `/v1/chats/${chatId}/read`, asked).catch(
    () => undefined,
  );
  if (answer?.status !== 204) return;
  const { userId } = sender.person;
  invites.add({ kind: "read", chatId, userId, seq, atMs: performance.now() });
}

/** The owner removes somebody, the others leave; over REST, under one key until it is answered. */
async function part({ sender, random, population, edges, invites, signal }: Lane): Promise<void> {
  const mine = population.rooms.filter(({ members }) => members.includes(sender.person));
  if (mine.length === 0) return;
  const room = random.pick(mine);
  const others = room.members.filter((person) => person !== room.owner);
  if (others.length < 2) return;
  const person = sender.person === room.owner ? random.pick(others) : sender.person;
  const uuid = `l-${randomUUID()}`;
  const { chatId } = room;
  invites.add({ kind: "part", uuid, chatId, userId: person.userId, atMs: performance.now() });
  room.members.splice(room.members.indexOf(person), 1);
  const path = `/v1/chats/${chatId}/members/${person.userId}`;
  for (let turn = random.integer(0, edges.length - 1); !signal.aborted; turn += 1) {
    const base = edges[turn % edges.length] ?? "";
    const asked = { token: sender.person.token(), key: uuid, withinMs: inviteMsMax };
    const answer = await request(base, "DELETE", path, asked).catch(() => undefined);
    if (answer?.status === 204 || answer?.status === 404) return;
    if (answer?.status === 401) await sender.person.renew(base);
    await pause(inviteRetryMs, signal);
  }
}

/** Brings somebody into a chat, over REST, under one key until it is answered. */
async function invite(lane: Lane): Promise<void> {
  const { sender, random, population, invites, edges, signal } = lane;
  const asked = pickInvitation(sender.person, population, random);
  if (asked === undefined) return;
  const { room, person } = asked;
  const uuid = `i-${randomUUID()}`;
  const entry = { uuid, chatId: room.chatId, userId: person.userId };
  invites.add({ kind: "invite", ...entry, senderId: sender.person.userId, atMs: performance.now() });
  for (let turn = random.integer(0, edges.length - 1); !signal.aborted; turn += 1) {
    const base = edges[turn % edges.length] ?? "";
    const status = await request(base, "POST", `/v1/chats/${room.chatId}/invite`, {
      token: sender.person.token(),
      key: uuid,
      body: { userIds: [person.userId] },
      withinMs: inviteMsMax,
    }).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status === 200) {
      invites.add({ kind: "invited", ...entry, atMs: performance.now() });
      if (!room.members.includes(person)) room.members.push(person);
      return;
    }
    if (status === 404) {
      const { chatId } = room;
      const { userId: senderId } = sender.person;
      invites.add({ kind: "declined", uuid, chatId, senderId, atMs: performance.now() });
      return;
    }
    if (status === 401) await sender.person.renew(base);
    await pause(inviteRetryMs, signal);
  }
}

function pickInvitation(
  from: Person,
  { people, rooms }: Population,
  random: Random,
): { readonly room: Room; readonly person: Person } | undefined {
  const mine = rooms.filter((room) => room.members.includes(from));
  if (mine.length === 0) return undefined;
  const room = random.pick(mine);
  const strangers = people.filter((person) => !room.members.includes(person));
  return strangers.length === 0 ? undefined : { room, person: random.pick(strangers) };
}
