/** What people do in a run, chosen at random from what their device shows them. */
import { randomUUID } from "node:crypto";
import type { ClientFrame, Random } from "@rookery/kit";
import { type Person, request } from "../rest.ts";
import type { ChatView } from "./chat-view.ts";
import type { Device } from "./device.ts";

export interface Hands {
  readonly random: Random;
  readonly device: Device;
  readonly people: readonly Person[];
  readonly edges: readonly string[];
}

interface Deed {
  readonly name: string;
  readonly weight: number;
  /** Resolves when it is answered for good; what is refused is no fault, for others act meanwhile. */
  readonly run: (hands: Hands, chat: ChatView) => Promise<unknown>;
}

const emojis = ["👍", "🎉", "🦜", "😶‍🌫️"];
const roles = ["admin", "member", "reader", "owner"];

export const deeds: readonly Deed[] = [
  {
    name: "send",
    weight: 30,
    run: (hands, chat) => submit(hands, chat, { type: "SendMessage", body: words(hands) }),
  },
  {
    name: "poll",
    weight: 3,
    run: (hands, chat) => submit(hands, chat, { type: "SendMessage", body: "", poll }),
  },
  {
    name: "edit",
    weight: 12,
    run: (hands, chat) => about(hands, chat, { type: "EditMessage", body: words(hands) }),
  },
  { name: "delete", weight: 3, run: (hands, chat) => about(hands, chat, { type: "DeleteMessage" }) },
  { name: "react", weight: 14, run: react },
  { name: "pin", weight: 4, run: pin },
  { name: "vote", weight: 5, run: vote },
  { name: "read", weight: 12, run: mark("Read") },
  { name: "delivered", weight: 6, run: mark("Delivered") },
  { name: "invite", weight: 7, run: invite },
  { name: "remove", weight: 3, run: (hands, chat) => ofMember(hands, chat, "DELETE") },
  {
    name: "role",
    weight: 4,
    run: (hands, chat) => ofMember(hands, chat, "PATCH", { role: hands.random.pick(roles) }),
  },
  { name: "leave", weight: 2, run: (hands, chat) => call(hands, "DELETE", `/v1/chats/${chat.chatId}`) },
  {
    name: "rename",
    weight: 3,
    run: (hands, chat) => call(hands, "PATCH", `/v1/chats/${chat.chatId}`, { title: words(hands) }),
  },
  { name: "found", weight: 1, run: found },
];

const poll = { question: "which?", options: ["a", "b", "c"], multiple: true };

function words({ random }: Hands): string {
  return `words ${random.below(1_000_000)}`;
}

async function submit({ device }: Hands, { chatId }: ChatView, frame: ClientFrame): Promise<unknown> {
  return await device.submit({ ...frame, chatId, uuid: randomUUID() });
}

/** About one of the messages that are known. */
async function about(hands: Hands, chat: ChatView, frame: ClientFrame): Promise<unknown> {
  if (chat.messages.size === 0) return undefined;
  const own = [...chat.messages.values()].filter(({ senderId }) => senderId === hands.device.person.userId);
  const isOwn = frame.type === "EditMessage" && own.length > 0;
  const { seq } = hands.random.pick(isOwn ? own : [...chat.messages.values()]);
  return await submit(hands, chat, { seq, ...frame });
}

async function react(hands: Hands, chat: ChatView): Promise<unknown> {
  const { random } = hands;
  return await about(hands, chat, { type: "React", emoji: random.pick(emojis), remove: random.once(3) });
}

async function pin(hands: Hands, chat: ChatView): Promise<unknown> {
  return await about(hands, chat, { type: "Pin", remove: hands.random.once(3) });
}

async function vote(hands: Hands, chat: ChatView): Promise<unknown> {
  const polls = [...chat.messages.values()].filter((message) => message.poll !== null);
  if (polls.length === 0) return undefined;
  const { seq } = hands.random.pick(polls);
  const options = [0, 1, 2].filter(() => hands.random.once(2));
  const choice = options.length === 0 ? { remove: true } : { options };
  return await submit(hands, chat, { type: "Vote", seq, ...choice });
}

function mark(type: "Read" | "Delivered"): Deed["run"] {
  return async ({ device, random }, { chatId, seq }) => {
    if (seq === 0) return;
    device.tell({ type, chatId, seq: random.integer(1, seq) });
  };
}

async function invite(hands: Hands, chat: ChatView): Promise<unknown> {
  const userIds = [hands.random.pick(hands.people).userId];
  return await call(hands, "POST", `/v1/chats/${chat.chatId}/invite`, { userIds });
}

async function ofMember(hands: Hands, chat: ChatView, method: string, body?: object): Promise<unknown> {
  const { userId } = hands.random.pick(hands.people);
  return await call(hands, method, `/v1/chats/${chat.chatId}/members/${userId}`, body);
}

async function found(hands: Hands): Promise<unknown> {
  const memberIds = hands.people.filter(() => hands.random.once(2)).map(({ userId }) => userId);
  const type = hands.random.pick(["group", "group", "channel"]);
  return await call(hands, "POST", "/v1/chats", { type, memberIds, title: words(hands) });
}

/** @throws at a status that no command of these deserves. */
async function call(
  { random, edges, device }: Hands,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const { token } = device.person;
  const answer = await request(random.pick(edges), method, path, {
    token,
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status >= 500 || answer.status === 400) throw new Error(`${method} ${path}: ${answer.text}`);
  return answer.body;
}
