import {
  type Attachment,
  type Contact,
  type Entity,
  limits,
  type Location,
  type PollDraft,
  type TelegramState,
} from "@rookery/protocol";
import { type MessageContent, readContent } from "./content.ts";
import { cutBytes } from "./cut.ts";
import type { TelegramChat, TelegramEntity, TelegramFile, TelegramMessage, TelegramUser } from "./message.ts";

/** A Telegram message in our words; every value is within the protocol's limits. */
export interface TranslatedMessage {
  readonly kind: string;
  readonly body: string;
  readonly entities: readonly Entity[];
  /** Telegram's id of what it answers. */
  readonly replyToMessageId: number | null;
  readonly attachments: readonly Attachment[];
  /** With the kind of that name, and no other. */
  readonly poll: PollDraft | null;
  readonly location: Location | null;
  readonly contact: Contact | null;
  readonly telegram: TelegramState;
}

/** Who sent it: a person, a bot, or a chat speaking for itself (channels, anonymous administrators). */
export interface TelegramSender {
  readonly telegramId: number;
  readonly isBot: boolean;
  readonly firstName: string;
  readonly lastName: string | null;
  readonly username: string | null;
  readonly language: string | null;
}

/** The kinds that are a field of the message. An animation also carries `document`, so it comes first. */
const fileKinds = ["video", "animation", "audio", "voice", "video_note", "sticker", "document"] as const;

/** Pure: the same message gives the same translation. */
export function translateMessage(message: TelegramMessage): TranslatedMessage {
  const { kind, words, ...content } = contentOf(message);
  const body = cutBytes(message.text ?? message.caption ?? words, limits.bodyBytesMax);
  const spans = message.text === undefined ? message.caption_entities : message.entities;
  return {
    kind,
    body,
    entities: translateEntities(spans ?? [], body.length),
    replyToMessageId: message.reply_to_message?.message_id ?? null,
    attachments: attachmentsOf(message),
    poll: content.poll ?? null,
    location: content.location ?? null,
    contact: content.contact ?? null,
    telegram: {
      ...(message.message_id > 0 ? { messageId: message.message_id } : {}),
      state: "received",
    },
  };
}

/** `sender_chat` speaks before `from`, which is then a stand-in of Telegram's; a channel post may have neither. */
export function senderOf(message: TelegramMessage): TelegramSender {
  if (message.sender_chat !== undefined) return chatAsSender(message.sender_chat);
  return message.from === undefined ? chatAsSender(message.chat) : userAsSender(message.from);
}

/** The name people know the chat by; null when Telegram tells none. */
export function titleOf(chat: TelegramChat): string | null {
  const person = [chat.first_name, chat.last_name]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
  const title = [chat.title, person, chat.username].find((each) => each !== undefined && each !== "");
  return title === undefined ? null : cutBytes(title, limits.titleBytesMax);
}

function contentOf(message: TelegramMessage): MessageContent {
  if (message.text !== undefined) return { kind: "text", words: "" };
  if (message.photo !== undefined) return { kind: "photo", words: "" };
  const file = fileKindOf(message);
  if (file === undefined) return readContent(message);
  return { kind: file, words: file === "sticker" ? (message.sticker?.emoji ?? "") : "" };
}

function fileKindOf(message: TelegramMessage): (typeof fileKinds)[number] | undefined {
  if (message.animation !== undefined) return "animation";
  return fileKinds.find((each) => message[each] !== undefined);
}

function attachmentsOf(message: TelegramMessage): readonly Attachment[] {
  // Telegram lists a photo in several sizes; the largest is the photo.
  const photo = message.photo?.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  if (photo !== undefined) return toAttachments("photo", photo);
  const kind = fileKindOf(message);
  const file = kind === undefined ? undefined : message[kind];
  return kind === undefined || file === undefined ? [] : toAttachments(kind, file);
}

function toAttachments(kind: string, file: TelegramFile): readonly Attachment[] {
  // A file_id is opaque: one that does not fit would be another one when cut.
  if (Buffer.byteLength(file.file_id) > fileIdBytesMax) return [];
  return [
    {
      fileId: file.file_id,
      kind,
      ...(file.file_name === undefined ? {} : { name: cutBytes(file.file_name, nameBytesMax) }),
      ...(file.file_size === undefined ? {} : { size: file.file_size }),
      ...(file.mime_type === undefined ? {} : { mime: cutBytes(file.mime_type, mimeBytesMax) }),
    },
  ];
}

export function translateEntities(list: readonly TelegramEntity[], bodyLength: number): readonly Entity[] {
  return list
    .filter((each) => each.offset + each.length <= bodyLength && Buffer.byteLength(each.type) <= wordBytesMax)
    .slice(0, limits.entitiesMax)
    .map((each) => ({
      type: each.type,
      offset: each.offset,
      length: each.length,
      ...(each.url === undefined || Buffer.byteLength(each.url) > urlBytesMax ? {} : { url: each.url }),
      ...(each.language === undefined ? {} : { language: cutBytes(each.language, wordBytesMax) }),
      ...(each.custom_emoji_id === undefined
        ? {}
        : { customEmojiId: cutBytes(each.custom_emoji_id, wordBytesMax) }),
    }));
}

export function userAsSender(user: TelegramUser): TelegramSender {
  return {
    telegramId: user.id,
    isBot: user.is_bot,
    firstName: user.first_name,
    lastName: user.last_name ?? null,
    username: user.username ?? null,
    language: user.language_code ?? null,
  };
}

export function chatAsSender(chat: TelegramChat): TelegramSender {
  return {
    telegramId: chat.id,
    isBot: false,
    firstName: titleOf(chat) ?? "",
    lastName: null,
    username: chat.username ?? null,
    language: null,
  };
}

/** The limits of the frame's parts (`@rookery/protocol`, frame.ts). */
const fileIdBytesMax = 512;
const nameBytesMax = 512;
const mimeBytesMax = 256;
const urlBytesMax = 2_048;
const wordBytesMax = 64;
