/** Showing a new message, and what the sending methods have in common. */
import { badRequest } from "../refusal.ts";
import { captionCharsMax, formatText, textCharsMax } from "../text/formatted-text.ts";
import { readReplyMarkup } from "../text/reply-markup.ts";
import { badJson } from "../http/arguments.ts";
import type { Chat } from "../world/chat.ts";
import type { Json, Message } from "../world/message.ts";
import { withoutReply } from "../world/person.ts";
import { readOpenChat } from "./place.ts";
import type { MethodCall } from "./method.ts";

/** @throws Refusal when the text is missing or too long */
export function readText({ args }: MethodCall): Json {
  const { text, entities } = formatText(
    args.text("text"),
    args.text("parse_mode"),
    readEntities(args.json("entities")),
  );
  if (text === "") throw badRequest("message text is empty");
  if (text.length > textCharsMax) throw badRequest("message is too long");
  return { text, ...(entities.length === 0 ? {} : { entities }) };
}

/** @throws Refusal when it is too long */
export function readCaption({ args }: Pick<MethodCall, "args">): Json {
  const given = readEntities(args.json("caption_entities"));
  const { text, entities } = formatText(args.text("caption"), args.text("parse_mode"), given);
  if (text.length > captionCharsMax) throw badRequest("message caption is too long");
  if (text === "") return {};
  return { caption: text, ...(entities.length === 0 ? {} : { caption_entities: entities }) };
}

export function readMarkup({ args }: MethodCall): Json | undefined {
  const given = args.json("reply_markup");
  if (given === badJson) throw badRequest("can't parse reply keyboard markup JSON object");
  return readReplyMarkup(given);
}

/** The message a new one answers. @throws Refusal when it is not there */
export function readReply(call: MethodCall, chat: Chat): Json {
  const parameters = call.args.json("reply_parameters");
  const isObject = typeof parameters === "object" && parameters !== null;
  const wish = isObject ? (parameters as Json) : {};
  const id = isObject ? Number(wish["message_id"]) : call.args.integer("reply_to_message_id");
  if (id === undefined || id === 0) return {};
  const message = chat.messages.get(id);
  if (message !== undefined) return { reply_to_message: withoutReply(message) };
  const isOptional =
    wish["allow_sending_without_reply"] === true || call.args.flag("allow_sending_without_reply");
  if (isOptional) return {};
  throw badRequest("message to be replied not found");
}

/** Writes the message down and shows it to the people of the chat. */
export function show(call: MethodCall, chat: Chat, content: Json, markup: Json | undefined): Message {
  const { bot, world } = call;
  const sender = chat.type === "channel" ? { sender_chat: chat.json } : { from: bot.user };
  // Only inline keyboards are part of a message; the others are shown once.
  const isInline = markup?.["inline_keyboard"] !== undefined;
  const message = world.store(chat, { ...sender, ...content, ...(isInline ? { reply_markup: markup } : {}) });
  const shown = markup === undefined || isInline ? message : { ...message, reply_markup: markup };
  call.see({
    kind: "message",
    chatId: chat.id,
    userIds: world.readersOf(chat),
    messageId: message.message_id,
    body: shown,
  });
  return message;
}

/** A chat that will show it, its reply and its keyboard; nothing is counted or changed yet. */
export function readFrame(call: MethodCall): { chat: Chat; reply: Json; markup: Json | undefined } {
  const chat = readOpenChat(call);
  return { chat, markup: readMarkup(call), reply: readReply(call, chat) };
}

function readEntities(given: unknown): unknown {
  if (given === badJson) throw badRequest("can't parse entities JSON object");
  return given;
}
