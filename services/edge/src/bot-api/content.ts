/** Texts, captions and what is answered: the parts that all sends share. Pure but for the arguments' errors. */
import type { Entity } from "@rookery/protocol";
import { EntityError, formatText, type FormattedText } from "@rookery/telegram";
import { badRequest } from "./api-refusal.ts";
import type { Arguments } from "./arguments.ts";
import { type Fields, isFields, json, list, wordOf } from "./parameter.ts";
import type { Parameter } from "./method.ts";

export const textMax = 4_096;
export const captionMax = 1_024;

/** A text with its parse mode, or its entities. @throws ApiRefusal `can't parse entities: …` */
export function formatted(
  text: string,
  { parseMode, entities }: { readonly parseMode: string | undefined; readonly entities: unknown },
): FormattedText {
  try {
    return formatText({ text, parseMode, entities: entitiesOf(entities) });
  } catch (error) {
    if (error instanceof EntityError) throw badRequest(error.message);
    throw error;
  }
}

/** The caption of a file; empty where none is said. */
export function caption(args: Arguments): FormattedText {
  return beside(args.text("caption") ?? "", {
    parseMode: args.text("parse_mode"),
    entities: list("caption entities")(args, "caption_entities"),
  });
}

/** That of an `InputMedia`. */
export function captionOf(item: Fields): FormattedText {
  const { parse_mode: parseMode, caption_entities: entities } = item;
  const mode = typeof parseMode === "string" ? parseMode : undefined;
  return beside(wordOf(item, "caption"), { parseMode: mode, entities });
}

function beside(text: string, marks: Parameters<typeof formatted>[1]): FormattedText {
  const said = formatted(text, marks);
  if (said.text.length > captionMax) throw badRequest("message caption is too long");
  return said;
}

/** What a message's text is. @throws ApiRefusal `message text is empty`, `message is too long` */
export function messageText(args: Arguments, textName = "text"): FormattedText {
  const said = formatted(args.text(textName) ?? "", {
    parseMode: args.text("parse_mode"),
    entities: list("message entities")(args, "entities"),
  });
  if (said.text === "") throw badRequest("message text is empty");
  if (said.text.length > textMax) throw badRequest("message is too long");
  return said;
}

/** Telegram's entities as ours; one that cannot be read is left out. */
function entitiesOf(value: unknown): Entity[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, 1_000).flatMap((each) => (isFields(each) ? (entityOf(each) ?? []) : []));
}

function entityOf(fields: Fields): Entity | null {
  const { type, offset, length, url, user, language, custom_emoji_id: customEmojiId } = fields;
  if (typeof type !== "string" || !/^[a-z_]{1,32}$/.test(type)) return null;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) return null;
  const place = { type, offset: Number(offset), length: Number(length) };
  const userId = isFields(user) ? user["id"] : undefined;
  if (type === "text_mention") {
    return typeof userId === "number" && Number.isSafeInteger(userId) && userId > 0
      ? { ...place, userId }
      : null;
  }
  if (type === "text_link") return typeof url === "string" && url.length <= 2_000 ? { ...place, url } : null;
  if (type === "pre" && typeof language === "string" && /^[^\s]{1,40}$/.test(language)) {
    return { ...place, language };
  }
  if (type === "custom_emoji") {
    return typeof customEmojiId === "string" && customEmojiId.length <= 32
      ? { ...place, customEmojiId }
      : null;
  }
  return place;
}

export interface ReplyAsk {
  readonly seq: number;
  /** Where it is, as the bot says; empty: in the chat that is written to. */
  readonly chatId: string;
  /** Sends all the same when what is answered is gone. */
  readonly isLoose: boolean;
}

const readReply = json("reply parameters");

/** `reply_parameters`, or what it was before; null: nothing is answered. */
export const replyAsk: Parameter<ReplyAsk | null> = (args, name) => {
  const said = readReply(args, name);
  const fields: Fields = isFields(said)
    ? said
    : {
        message_id: args.text("reply_to_message_id"),
        allow_sending_without_reply: args.text("allow_sending_without_reply"),
      };
  const seq = Number(fields["message_id"] ?? 0);
  if (!Number.isSafeInteger(seq) || seq <= 0) return null;
  return {
    seq,
    chatId: wordOf(fields, "chat_id"),
    isLoose: ["true", "1"].includes(String(fields["allow_sending_without_reply"])),
  };
};
