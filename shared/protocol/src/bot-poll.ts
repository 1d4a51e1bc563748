/**
 * Between edges and the owner of a bot's job shard: who waits for updates. A question is state, said again until it is answered, so
 * that the loss of a message, of an answer or of an owner heals; updates stay until they are confirmed, so an answer may be lost.
 */
import type { UserId } from "./id.ts";

export interface BotPoll {
  /** Names it at its edge. */
  readonly id: number;
  readonly botId: UserId;
  /** Empty: the bot itself. */
  readonly consumer: string;
  readonly offset: number;
  readonly limit: number;
  /** It waits when there is nothing. */
  readonly waits: boolean;
  readonly startedMs: number;
  /** Said before: it takes nobody's place who came after it. */
  readonly again: boolean;
}

/** From an edge to the owner of a job shard. */
export interface BotAsk {
  readonly edge: string;
  readonly polls: readonly BotPoll[];
  /** Bots whose webhook is another now. */
  readonly changed?: readonly UserId[];
}

/** `other`: somebody else asks; `webhookSet`: it came while this one waited; `webhook`: there is one. */
export type PollConflict = "other" | "webhookSet" | "webhook";

export type BotPolled =
  /** `updates`: Telegram's, a JSON array as text. */
  | { readonly id: number; readonly updates: string }
  | { readonly id: number; readonly conflict: PollConflict };

/** What a bot says to whoever pressed its button. */
export interface CallbackReply {
  readonly queryId: number;
  readonly text?: string;
  readonly alert?: boolean;
  readonly url?: string;
}

/** What a webhook answered, to an edge that does it; answered, with nothing, when it is done or will never be. */
export interface BotRun {
  readonly botId: UserId;
  /** Names it for ever. */
  readonly key: string;
  /** Its content type. */
  readonly type: string;
  /** Base64. */
  readonly body: string;
}

/** To an edge. */
export interface BotTold {
  readonly polled?: readonly BotPolled[];
  readonly callbacks?: readonly CallbackReply[];
}
