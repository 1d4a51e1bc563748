import type { TelegramChange } from "@rookery/protocol";
import { z } from "zod";
import { type PollNews, readChange, readPollNews } from "./change.ts";
import {
  type TelegramChat,
  telegramChat,
  type TelegramMessage,
  telegramMessage,
  telegramUser,
} from "./message.ts";
import { chatAsSender, senderOf, type TelegramSender, userAsSender } from "./translation.ts";
import { type UpdateType, updateTypes } from "./update-type.ts";

/** An update sorted by what we do with it. `raw` is all Telegram said, fit for a jsonb column. */
export type TelegramUpdate = {
  /** Null for a type that is newer than we are. */
  readonly type: UpdateType | null;
  readonly updateId: number;
  readonly raw: object;
} & (
  | { readonly kind: "message"; readonly message: TelegramMessage }
  /** About a chat, and no message of its own. */
  | {
      readonly kind: "chat";
      readonly chat: TelegramChat;
      /** Null where Telegram names nobody. */
      readonly sender: TelegramSender | null;
      /** What of the chat is another from here on; null when nothing that we show. */
      readonly change: TelegramChange | null;
    }
  /** About no chat of the bot's own: queries, polls, payments, what goes through business accounts. */
  | {
      readonly kind: "bot";
      readonly sender: TelegramSender | null;
      /** Of a poll, which may be a message of a chat of ours. */
      readonly poll: PollNews | null;
    }
);

const envelope = z.looseObject({ update_id: z.int().min(0) });

/**
 * Those that are about a chat the bot is in. A business account's chats are not: their ids are those of people, and so of
 * the bot's private chats with the same people; nor is a guest message's.
 */
const chatTypes: ReadonlySet<UpdateType | null> = new Set<UpdateType>([
  "edited_message",
  "edited_channel_post",
  "message_reaction",
  "message_reaction_count",
  "callback_query",
  "my_chat_member",
  "chat_member",
  "chat_join_request",
  "chat_boost",
  "removed_chat_boost",
  "stopped_message_generation",
]);

/** Where updates that are about a chat say which. */
const about = z.looseObject({
  chat: telegramChat.optional().catch(undefined),
  /** Of a callback query. */
  message: z.looseObject({ chat: telegramChat }).optional().catch(undefined),
  from: telegramUser.optional().catch(undefined),
  user: telegramUser.optional().catch(undefined),
  actor_chat: telegramChat.optional().catch(undefined),
  /** Of a vote. */
  voter_chat: telegramChat.optional().catch(undefined),
  sender_chat: telegramChat.optional().catch(undefined),
});

/**
 * Reads the body of a webhook call; null when it is not an update, or a message of it lacks what every message has.
 */
export function parseUpdate(text: string): TelegramUpdate | null {
  try {
    const value: unknown = JSON.parse(text);
    return sortUpdate(needsCleaning(text) ? clean(value) : value);
  } catch {
    return null;
  }
}

/** As `parseUpdate`, of an item of `getUpdates`. */
export function readUpdate(value: unknown): TelegramUpdate | null {
  return sortUpdate(clean(value));
}

function sortUpdate(value: unknown): TelegramUpdate | null {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) return null;
  const raw = parsed.data;
  const type = updateTypes.find((each) => raw[each] !== undefined) ?? null;
  const head = { type, updateId: raw.update_id, raw };
  if (type === "message" || type === "channel_post") {
    const message = telegramMessage.safeParse(raw[type]);
    return message.success ? { ...head, kind: "message", message: message.data } : null;
  }
  const told = about.safeParse(type === null ? {} : raw[type]).data ?? {};
  const sender = senderIn(told);
  const chat = told.chat ?? told.message?.chat;
  if (chat === undefined || type === null || !chatTypes.has(type)) {
    return { ...head, kind: "bot", sender, poll: type === null ? null : readPollNews(type, raw[type]) };
  }
  return {
    ...head,
    kind: "chat",
    chat,
    sender: editor(type, raw) ?? sender,
    change: readChange(type, raw[type]),
  };
}

function senderIn({
  actor_chat: actor,
  voter_chat: voter,
  sender_chat: speaker,
  from,
  user,
}: z.infer<typeof about>): TelegramSender | null {
  const chat = actor ?? voter ?? speaker;
  if (chat !== undefined) return chatAsSender(chat);
  const person = from ?? user;
  return person === undefined ? null : userAsSender(person);
}

/** An edited message names its sender as the message itself did. */
function editor(type: UpdateType, raw: Readonly<Record<string, unknown>>): TelegramSender | null {
  if (type !== "edited_message" && type !== "edited_channel_post") return null;
  const message = telegramMessage.safeParse(raw[type]);
  return message.success ? senderOf(message.data) : null;
}

/** The chat it is about; null when it is about none of the bot's own. */
export function chatOf(update: TelegramUpdate): TelegramChat | null {
  if (update.kind === "message") return update.message.chat;
  return update.kind === "chat" ? update.chat : null;
}

/** Postgres takes neither U+0000 nor lone surrogates; both can only come as escapes, or from broken UTF-8. */
function needsCleaning(text: string): boolean {
  return /\\u(?:0000|d[89a-f])/i.test(text) || !text.isWellFormed();
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), clean(item)]));
}
