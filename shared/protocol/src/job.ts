/**
 * Jobs: what is to leave the cluster. Rows since the commit that caused them; then whoever owns the job shard is told, which
 * may be lost, and reads what is open from time to time.
 */
import type { Attachment, Contact, Entity, Keyboard, Location, PollDraft } from "./frame.ts";
import type { ChatId, Seq, UserId } from "./id.ts";
import type { WebhookJob } from "./webhook.ts";

/** The address of what a job is for; its job shard is `shardOf(kind, id)`. */
export interface JobOwner {
  readonly kind: "bot" | "endpoint";
  readonly id: number;
}

/** A message on its way into a Telegram chat. */
export interface OutgoingMessage {
  readonly kind: string;
  readonly body: string;
  readonly entities?: readonly Entity[];
  readonly attachments?: readonly Attachment[];
  readonly poll?: PollDraft;
  readonly location?: Location;
  readonly contact?: Contact;
  readonly keyboard?: Keyboard;
  /** Telegram's id of what it answers. */
  readonly replyToMessageId?: number;
  /** Of the request it came by, for logs. */
  readonly requestId?: string;
}

/** What goes to Telegram: a message, or a change of one that is there. */
export interface TelegramSend {
  readonly id: string;
  readonly action: "send" | "edit" | "delete";
  readonly botId: UserId;
  readonly telegramChatId: number;
  readonly chatId: ChatId;
  /** The message; 0: one of Telegram's that is none here. */
  readonly seq: Seq;
  /** Telegram's id of what is changed; null: what the send of that message will have been told. */
  readonly messageId: number | null;
  /** Its place among all that goes there from the chat, without gaps. */
  readonly place: number;
  /** The place of the one before it; 0: none. */
  readonly prevPlace: number;
  readonly bulk: boolean;
  /** The message as it is to be; of one that is deleted it says nothing. */
  readonly content: OutgoingMessage;
  readonly createdMs: number;
}

/** An update of Telegram's as it came, on its way to be kept. */
export interface IncomingUpdate {
  readonly botId: UserId;
  readonly updateId: number;
  readonly type: string;
  /** All that Telegram said. */
  readonly raw: object;
  /** Somebody here answers the bot's people: it is a job too. */
  readonly routed: boolean;
}

/** What an update changes of a chat and its messages, which it names by Telegram's ids. */
export type TelegramChange =
  | {
      readonly kind: "edit";
      readonly messageId: number;
      readonly body: string;
      readonly entities: readonly Entity[];
      /** Missing: as they were. */
      readonly messageKind?: string;
      readonly attachments?: readonly Attachment[];
      readonly location?: Location;
    }
  /** What the sender has chosen in a poll that went there from here: none takes the vote back. */
  | { readonly kind: "vote"; readonly seq: Seq; readonly options: readonly number[] }
  /** A poll that went there from here takes no more votes. */
  | { readonly kind: "pollClosed"; readonly seq: Seq }
  /** All reactions of the sender there from now on. */
  | { readonly kind: "react"; readonly messageId: number; readonly emojis: readonly string[] }
  /** What the bot is in the chat: `member`, `kicked` (in private: blocked), … */
  | { readonly kind: "membership"; readonly status: string }
  /** The group is a supergroup, under this id. */
  | { readonly kind: "moved"; readonly telegramChatId: number };

/** An update that is kept, and what became of it here. */
export interface TelegramUpdateJob extends Omit<IncomingUpdate, "routed"> {
  /** Null where it is about no chat. */
  readonly chatId: ChatId | null;
  /** The message it became or changed; null when there is none. */
  readonly seq: Seq | null;
  readonly state: "kept" | "pending";
  readonly createdMs: number;
  /** Of the request it came by. */
  readonly requestId?: string;
}

export type Job =
  | { readonly kind: "telegramSend"; readonly owner: JobOwner; readonly job: TelegramSend }
  | { readonly kind: "telegramUpdate"; readonly owner: JobOwner; readonly job: TelegramUpdateJob }
  | { readonly kind: "webhookDelivery"; readonly owner: JobOwner; readonly job: WebhookJob }
  /** Word alone: there is something for a bot of our own. Whoever owns it numbers what there is, in its rows' order. */
  | { readonly kind: "botUpdate"; readonly owner: JobOwner; readonly job: { readonly botId: UserId } };

/** To the owner of a job shard, after the commit. */
export interface JobBatch {
  readonly jobs: readonly Job[];
}
