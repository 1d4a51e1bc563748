import { isDeepStrictEqual } from "node:util";
import { badJson } from "../http/arguments.ts";
import { badRequest } from "../refusal.ts";
import { type Chat, isAdministrator } from "../world/chat.ts";
import { mediaKindOf } from "../world/file.ts";
import type { Json, Message } from "../world/message.ts";
import type { Method, MethodCall, MethodTable } from "./method.ts";
import { admit, isOwn, readChat, readMessage, readOpenChat } from "./place.ts";
import { readCaption, readMarkup, readText } from "./post.ts";

const notModified =
  "message is not modified: specified new message content and reply markup are exactly the same as a current " +
  "content and reply markup of the message";
const deletableMs = 48 * 3_600_000;
const deletionsMax = 100;

/** A method that changes a message of the bot's own; `read` says what it then holds. */
function editing(read: (call: MethodCall, message: Message) => Json): Method {
  return (call) => {
    const chat = readOpenChat(call);
    const message = readMessage(call, chat, "message to edit not found");
    if (!isOwn(call, chat, message)) throw badRequest("message can't be edited");
    const change = read(call, message);
    const markup = readMarkup(call);
    const isInline = markup?.["inline_keyboard"] !== undefined;
    // Without a keyboard in the call, the message loses the one it has.
    const { reply_markup: _lost, ...rest } = message;
    const next = defined({ ...rest, ...change, ...(isInline ? { reply_markup: markup } : {}) });
    if (isDeepStrictEqual(next, defined(message))) throw badRequest(notModified);
    admit(call, chat);
    for (const field of Object.keys(message)) if (!(field in next)) delete message[field];
    Object.assign(message, next, { edit_date: Math.floor(call.world.now() / 1_000) });
    const userIds = call.world.readersOf(chat);
    call.see({ kind: "edit", chatId: chat.id, userIds, messageId: message.message_id, body: message });
    return message;
  };
}

function defined(message: Json): Json {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined));
}

const editMessageText = editing((call, message) => {
  const text = readText(call);
  if (message.text === undefined) throw badRequest("there is no text in the message to edit");
  return { entities: undefined, ...text };
});

const editMessageCaption = editing((call, message) => {
  if (mediaKindOf(message) === null) throw badRequest("there is no caption in the message to edit");
  return { caption: undefined, caption_entities: undefined, ...readCaption(call) };
});

function remove(call: MethodCall, chat: Chat, message: Message): void {
  const mayDelete =
    isOwn(call, chat, message) || chat.type === "private" || isAdministrator(chat, call.bot.id);
  if (!mayDelete || call.world.now() - message.date * 1_000 > deletableMs) {
    throw badRequest("message can't be deleted for everyone");
  }
  chat.messages.delete(message.message_id);
  chat.reactions.delete(message.message_id);
  const userIds = call.world.readersOf(chat);
  const { message_id: messageId } = message;
  call.see({ kind: "delete", chatId: chat.id, userIds, messageId, body: { message_id: messageId } });
}

const deleteMessage: Method = (call) => {
  const chat = readChat(call);
  remove(call, chat, readMessage(call, chat, "message to delete not found"));
  return true;
};

const deleteMessages: Method = (call) => {
  const chat = readChat(call);
  const ids = call.args.json("message_ids");
  if (ids === badJson || !Array.isArray(ids)) throw badRequest("can't parse message identifiers");
  if (ids.length > deletionsMax) throw badRequest("too many message identifiers specified");
  for (const id of ids) {
    const message = chat.messages.get(Number(id));
    if (message !== undefined) remove(call, chat, message);
  }
  return true;
};

function pinning(isPinned: boolean): Method {
  return (call) => {
    const chat = readOpenChat(call);
    if (chat.type !== "private" && !isAdministrator(chat, call.bot.id)) {
      throw badRequest("not enough rights to manage pinned messages in the chat");
    }
    const given = call.args.integer("message_id") ?? (isPinned ? undefined : chat.pinned.at(-1));
    const message = given === undefined ? undefined : chat.messages.get(given);
    if (message === undefined) throw badRequest(`message to ${isPinned ? "pin" : "unpin"} not found`);
    const { message_id: messageId } = message;
    const at = chat.pinned.indexOf(messageId);
    if (at >= 0) chat.pinned.splice(at, 1);
    if (isPinned) chat.pinned.push(messageId);
    const kind = isPinned ? "pin" : "unpin";
    const userIds = call.world.readersOf(chat);
    call.see({ kind, chatId: chat.id, userIds, messageId, body: { message_id: messageId } });
    return true;
  };
}

const setMessageReaction: Method = (call) => {
  const chat = readOpenChat(call);
  const message = readMessage(call, chat, "message to react not found");
  const given = call.args.json("reaction") ?? [];
  if (given === badJson || !Array.isArray(given)) throw badRequest("can't parse reaction types JSON object");
  if (given.length > 1) throw badRequest("REACTIONS_TOO_MANY");
  const emoji = (given[0] as Json | undefined)?.["emoji"];
  if (given.length === 1 && (typeof emoji !== "string" || emoji === "")) throw badRequest("REACTION_INVALID");
  const reactions = chat.reactions.get(message.message_id) ?? new Map<number, string>();
  chat.reactions.set(message.message_id, reactions);
  if (typeof emoji === "string") reactions.set(call.bot.id, emoji);
  else reactions.delete(call.bot.id);
  const userIds = call.world.readersOf(chat);
  const body = { message_id: message.message_id, reaction: given };
  call.see({ kind: "reaction", chatId: chat.id, userIds, messageId: message.message_id, body });
  return true;
};

export const editMethods: MethodTable = {
  editMessageText,
  editMessageCaption,
  editMessageReplyMarkup: editing(() => ({})),
  deleteMessage,
  deleteMessages,
  pinChatMessage: pinning(true),
  unpinChatMessage: pinning(false),
  setMessageReaction,
};
