/**
 * What clients do. New kinds of commands (edits, receipts, …) come here: one more row of the table, with entries of
 * their own in `entry.ts` and a check in `journal/`.
 */
import { randomUUID } from "node:crypto";
import type { InviteEntry } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { pause } from "../pause.ts";
import type { Random } from "../random.ts";
import type { Person, Population, Room } from "./population.ts";
import { request } from "./rest.ts";
import type { Message, Sender } from "./sender.ts";

export interface Lane {
  readonly sender: Sender;
  readonly random: Random;
  readonly population: Population;
  readonly edges: readonly string[];
  readonly invites: Pick<Journal<InviteEntry>, "add">;
  /** What this sender sent and was acked, newest last; repeats are picked from here. */
  readonly history: Message[];
  readonly signal: AbortSignal;
}

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
  { name: "send", weight: 930, run: send },
  { name: "repeat", weight: 60, run: repeat },
  { name: "invite", weight: 3, run: invite },
];

async function send({ sender, random, population, history }: Lane): Promise<void> {
  const rooms = population.rooms.filter((room) => room.members.includes(sender.person));
  if (rooms.length === 0) return;
  const { chatId } = random.pick(rooms);
  const uuid = `m-${randomUUID()}`;
  const message = { uuid, chatId, body: `${uuid} ${"x".repeat(random.integer(0, padMax))}` };
  if ((await sender.submit(message)) === undefined) return;
  history.push(message);
  if (history.length > historyMax) history.shift();
}

/** L3: a uuid that was acked before, however long ago, gives the same outcome again. */
async function repeat({ sender, random, history }: Lane): Promise<void> {
  const message = history.length === 0 ? undefined : random.pick(history);
  if (message === undefined || sender.isWaiting(message.uuid)) return;
  await sender.submit(message, { isRepeat: true });
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
