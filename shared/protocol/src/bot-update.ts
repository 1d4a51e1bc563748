/**
 * What bots of our own are told, in our words. Written by chats' actors in the commit it tells of; put into Telegram's shape when
 * it is handed over, with names as they are then.
 */
import type { ChatLink, MemberTrait } from "./chat-setting.ts";
import type { ChatType, MemberRole, Message } from "./frame.ts";
import type { ChatId, Seq, UserId } from "./id.ts";

/** Types of updates that our own chats make. */
export const nativeUpdateTypes = [
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "callback_query",
  "my_chat_member",
  "chat_member",
  "message_reaction",
  "poll",
  "poll_answer",
  "chat_join_request",
  "inline_query",
  "chosen_inline_result",
] as const;
export type NativeUpdateType = (typeof nativeUpdateTypes)[number];

/** Made only for bots that ask for them by name; all others are the default set. */
export const namedUpdateTypes: readonly string[] = [
  "chat_member",
  "message_reaction",
  "message_reaction_count",
];

/** The chat as it was then. */
export interface BotChat {
  readonly id: ChatId;
  readonly type: ChatType;
  readonly title: string | null;
  /** The other side of a direct chat. */
  readonly peerId?: UserId;
}

export type Standing = MemberRole | "left" | "removed";

export type BotNews =
  | { readonly kind: "message"; readonly message: Message; readonly reply?: Message }
  /** A button was pressed; `queryId` is how the bot answers it. */
  | {
      readonly kind: "callback";
      readonly queryId: number;
      readonly userId: UserId;
      readonly message: Message;
      readonly data: string;
      /** The message was sent by way of the bot, where it may not be. */
      readonly isInline?: boolean;
    }
  /** Somebody asks, wherever they are. */
  | {
      readonly kind: "inline";
      readonly queryId: number;
      readonly userId: UserId;
      readonly query: string;
      readonly offset: string;
    }
  /** Somebody sent what the bot offered. */
  | {
      readonly kind: "chosen";
      readonly userId: UserId;
      readonly resultId: string;
      readonly query: string;
      /** Of a message with buttons, which the bot may change. */
      readonly messageId?: string;
    }
  | {
      readonly kind: "member";
      readonly byId: UserId;
      readonly userId: UserId;
      readonly before: Standing;
      readonly after: Standing;
      /** What was, and is, so of them beside that. */
      readonly traitBefore?: MemberTrait;
      readonly traitAfter?: MemberTrait;
      /** By which they came. */
      readonly link?: ChatLink;
    }
  /** Somebody asks to be let in, by this link. */
  | { readonly kind: "joinRequest"; readonly userId: UserId; readonly link?: ChatLink }
  | {
      readonly kind: "reaction";
      readonly userId: UserId;
      readonly seq: Seq;
      readonly before: readonly string[];
      readonly after: readonly string[];
    }
  | { readonly kind: "poll"; readonly message: Message }
  | {
      readonly kind: "pollAnswer";
      readonly userId: UserId;
      readonly seq: Seq;
      readonly options: readonly number[];
    };

/** One update as its chat writes it. */
export interface BotUpdate {
  readonly botId: UserId;
  readonly type: NativeUpdateType;
  readonly chatId: ChatId;
  /** Its order in the chat. */
  readonly place: number;
  /** A webhook is posted one at a time of these: `chat:5`, `user:7`. */
  readonly queue: string;
  readonly payload: { readonly chat: BotChat; readonly atMs: number; readonly news: BotNews };
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** What somebody asked a bot, until it is answered. */
export interface BotInline {
  readonly id: number;
  readonly botId: UserId;
  readonly userId: UserId;
  readonly query: string;
  /** The offset that is asked for. */
  readonly page: string;
  /** The edge that waits for the answer. */
  readonly edge: string;
  readonly createdMs: number;
}

/** A button that was pressed, until it is answered. */
export interface BotCallback {
  readonly id: number;
  readonly botId: UserId;
  readonly userId: UserId;
  /** The edge that waits for the answer. */
  readonly edge: string;
  readonly createdMs: number;
}

/** How long an update is kept for a bot that does not come for it. */
export const updateLifeMs = 24 * 60 * 60 * 1_000;
/** How long a button's press may be answered, and is told of. */
export const callbackLifeMs = 150_000;
