/** Which chat a call means, and whether the bot is in it. */
import type { BotPlace } from "@rookery/store";
import type { BotChat } from "@rookery/protocol";
import { ApiRefusal, badRequest } from "./api-refusal.ts";
import type { Call } from "./method.ts";

export interface Place extends BotPlace {
  readonly chat: BotChat;
}

/** A chat the bot is in. @throws ApiRefusal as Telegram says it */
export async function placeOf(call: Call, chatId: string): Promise<Place> {
  const found = await findPlace(call, chatId);
  if (found.role !== null) return found;
  throw absence(found);
}

/** What a bot is told of a chat that it is not in. */
export function absence({ type, wasMember }: Place): ApiRefusal {
  if (!wasMember) return badRequest("chat not found");
  return new ApiRefusal(403, `bot was kicked from the ${type === "channel" ? "channel" : "group"} chat`);
}

/** A chat whether the bot is in it or not: for what was sent by way of it. Null: there is none. */
export async function anyPlace({ context: { reading }, bot }: Call, chatId: number): Promise<Place | null> {
  const found = await reading.place({ botId: bot.id, chatId });
  return found === null || found.type === "telegram" ? null : withChat(found);
}

/** A chat, whether the bot is in it or not. @throws ApiRefusal */
export async function findPlace({ context: { reading }, bot }: Call, chatId: string): Promise<Place> {
  if (chatId === "") throw badRequest("chat_id is empty");
  const id = /^-?\d{1,16}$/.test(chatId) ? Number(chatId) : null;
  let found: BotPlace | null = null;
  if (id !== null && Number.isSafeInteger(id)) {
    const botId = bot.id;
    found = await reading.place(id > 0 ? { botId, userId: id } : { botId, chatId: 0 - id });
  }
  // No chat of ours has a public name.
  // A direct chat has the id of the person, and no other.
  const isHidden =
    found !== null && (found.type === "telegram" || (id !== null && id < 0 && found.type === "direct"));
  if (found === null || isHidden) throw badRequest("chat not found");
  return withChat(found);
}

function withChat(found: BotPlace): Place {
  const { type, title, peerId } = found;
  const chat: BotChat = { id: found.id, type, title, ...(peerId === null ? {} : { peerId }) };
  return { ...found, chat };
}

/** Who administers it may do what the others may not. */
export function leads({ role }: Pick<BotPlace, "role">): boolean {
  return role === "owner" || role === "admin";
}
