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

export interface TelegramSend {
  readonly id: string;
  readonly botId: UserId;
  readonly telegramChatId: number;
  readonly chatId: ChatId;
  readonly seq: Seq;
  /** The send before it in the chat; 0: none. */
  readonly prevSeq: Seq;
  readonly bulk: boolean;
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
    }
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
