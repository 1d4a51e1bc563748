/** Where a method acts: the chat and the message it names, and whether the bot may. */
import { badRequest, forbidden, migrated, tooManyRequests } from "../refusal.ts";
import { type Chat, isAdministrator, isGroup, isPresent } from "../world/chat.ts";
import type { Message } from "../world/message.ts";
import type { MethodCall } from "./method.ts";

/** @throws Refusal `chat not found`, and why the bot is not in it */
export function readChat(call: MethodCall, field = "chat_id"): Chat {
  const { bot, world, args } = call;
  const text = args.text(field).trim();
  if (text === "") throw badRequest(`${field} is empty`);
  const id = /^-?\d{1,16}$/.test(text) ? Number(text) : text;
  const chat = world.chatOf(bot, id);
  if (chat === undefined) {
    if (typeof id === "number" && world.bots.has(id)) throw forbidden("bot can't send messages to bots");
    if (typeof id === "number" && world.users.has(id)) {
      throw forbidden("bot can't initiate conversation with a user");
    }
    throw badRequest("chat not found");
  }
  if (chat.migratedTo !== undefined) throw migrated(chat.migratedTo);
  if (chat.botId !== undefined) return chat;
  const status = chat.members.get(bot.id);
  if (status === "kicked") throw forbidden(`bot was kicked from the ${chat.type} chat`);
  if (!isPresent(chat, bot.id)) throw forbidden(`bot is not a member of the ${chat.type} chat`);
  return chat;
}

/** As `readChat`, for what its people will see. @throws Refusal 403 as well */
export function readOpenChat(call: MethodCall): Chat {
  const chat = readChat(call);
  if (chat.type === "private" && !isPresent(chat, chat.id)) throw forbidden("bot was blocked by the user");
  if (chat.type === "channel" && !isAdministrator(chat, call.bot.id)) {
    throw badRequest("need administrator rights in the channel chat");
  }
  return chat;
}

/** Counts messages against the limits. @throws Refusal 429 */
export function admit({ bot, world, limiter }: MethodCall, chat: Chat, messages = 1): void {
  const sending = {
    botId: bot.id,
    chatId: chat.id,
    isGroup: isGroup(chat) || chat.type === "channel",
    messages,
  };
  const violation = limiter?.admit(sending, world.now()) ?? null;
  if (violation === null) return;
  world.journal.violate(violation);
  throw tooManyRequests(violation.retryAfter);
}

/** @throws Refusal `<missing>` */
export function readMessage(call: MethodCall, chat: Chat, missing: string, field = "message_id"): Message {
  const id = call.args.integer(field);
  if (id === undefined) throw badRequest("message identifier is not specified");
  const message = chat.messages.get(id);
  if (message === undefined) throw badRequest(missing);
  return message;
}

export function isOwn(call: MethodCall, chat: Chat, message: Message): boolean {
  return message.from?.id === call.bot.id || (chat.type === "channel" && isAdministrator(chat, call.bot.id));
}
