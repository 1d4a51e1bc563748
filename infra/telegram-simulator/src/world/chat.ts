import type { ChatJson, ChatType, Message } from "./message.ts";

export type MemberStatus = "creator" | "administrator" | "member" | "left" | "kicked";

export interface Chat {
  readonly id: number;
  readonly type: ChatType;
  readonly json: ChatJson;
  /** Of a private chat: the bot that is its other side. */
  readonly botId: number | undefined;
  /** People and bots; who was never in it is not here. A person who blocked the bot is `kicked` from a private one. */
  readonly members: Map<number, MemberStatus>;
  /** Those that were not deleted. */
  readonly messages: Map<number, Message>;
  /** By message and person: the emoji. */
  readonly reactions: Map<number, Map<number, string>>;
  readonly pinned: number[];
  lastMessageId: number;
  migratedTo: number | undefined;
}

export function makeChat(json: ChatJson, botId: number | undefined, firstId: number): Chat {
  return {
    id: json.id,
    type: json.type,
    json,
    botId,
    members: new Map(),
    messages: new Map(),
    reactions: new Map(),
    pinned: [],
    lastMessageId: firstId,
    migratedTo: undefined,
  };
}

export function isGroup({ type }: Chat): boolean {
  return type === "group" || type === "supergroup";
}

export function isPresent(chat: Chat, id: number): boolean {
  const status = chat.members.get(id);
  return status !== undefined && status !== "left" && status !== "kicked";
}

export function isAdministrator(chat: Chat, id: number): boolean {
  const status = chat.members.get(id);
  return status === "creator" || status === "administrator";
}
