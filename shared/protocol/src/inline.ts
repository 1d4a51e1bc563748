/** Inline mode: somebody asks a bot of ours for something to send, wherever they are; what it offers, and what is sent of it. */
import type { BotExtra } from "./bot-extra.ts";
import type { Attachment, Contact, Entity, Keyboard, Location } from "./frame.ts";
import type { UserId } from "./id.ts";

/** How long a bot has, and whoever asked waits. */
export const inlineAnswerMs = 10_000;
/** How long a bot is told of a question. */
export const inlineLifeMs = 30_000;
/** How long an answer may serve others that ask the same. */
export const inlineCacheMsMax = 3_600_000;
export const inlineResultsMax = 50;

/** What is sent when a result is chosen. */
export interface InlineMessage {
  readonly messageKind: string;
  readonly body: string;
  readonly entities?: readonly Entity[];
  readonly attachment?: Attachment;
  /** Of a file that is fetched when the result is chosen. */
  readonly url?: string;
  readonly location?: Location;
  readonly contact?: Contact;
  readonly keyboard?: Keyboard;
  readonly extra?: BotExtra;
}

/** One of those a bot offers. */
export interface InlineResult {
  readonly id: string;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly url?: string;
  readonly thumbnailUrl?: string;
  readonly message: InlineMessage;
}

/** What a bot answers. */
export interface InlineAnswer {
  readonly results: readonly InlineResult[];
  readonly nextOffset: string;
}

/** Whose result a message is. */
export interface InlineVia {
  readonly botId: UserId;
  readonly resultId: string;
  readonly query: string;
}

/** How a bot names a message that was sent by way of it, in whatever chat. */
export function inlineMessageId(chatId: number, seq: number): string {
  return `I${chatId.toString(36)}_${seq.toString(36)}`;
}

export function parseInlineMessageId(id: string): { readonly chatId: number; readonly seq: number } | null {
  const [, chat = "", seq = ""] = /^I([0-9a-z]{1,11})_([0-9a-z]{1,11})$/.exec(id) ?? [];
  const place = { chatId: Number.parseInt(chat, 36), seq: Number.parseInt(seq, 36) };
  const isPlace = Object.values(place).every((each) => Number.isSafeInteger(each) && each > 0);
  return isPlace ? place : null;
}
