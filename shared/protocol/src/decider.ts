/**
 * How a bot's answers are decided: the courier's router (`services/courier/src/telegram`) reads an update, asks deciders in turn, does
 * what they say and keeps it. A decider is pure (L9): time, tables and what is remembered are arguments.
 */
import type { Keyboard, Location } from "./frame.ts";
import type { ChatId, UserId } from "./id.ts";

/** Who did it, as Telegram tells and as we know them. */
export interface BotPerson {
  readonly telegramId: number;
  readonly firstName: string;
  readonly lastName: string | null;
  readonly username: string | null;
  /** Telegram's `language_code`; what they chose here is for the decider to remember. */
  readonly language: string | null;
  /** Ours; null of somebody we have not met. */
  readonly userId: UserId | null;
  /** Of their account here. */
  readonly role: "member" | "operator" | "service" | "admin";
}

/** What a person did. */
export type BotInput =
  /** `/start@this_bot abc` is `{name: "start", argument: "abc"}`; commands for other bots never come. */
  | { readonly kind: "command"; readonly name: string; readonly argument: string }
  | { readonly kind: "text"; readonly text: string }
  /** A press; `data` is the whole payload, tokens are already resolved. Null: its token has expired or was invalidated. */
  | {
      readonly kind: "callback";
      readonly queryId: string;
      readonly data: string | null;
      /** Telegram's id of the message with the keyboard. */
      readonly messageId: number | null;
    }
  | { readonly kind: "contact"; readonly phone: string; readonly firstName: string; readonly isOwn: boolean }
  | { readonly kind: "location"; readonly location: Location }
  | { readonly kind: "file"; readonly fileKind: string; readonly fileId: string; readonly caption: string }
  | { readonly kind: "other" };

/** An update, read. */
export interface BotEvent {
  readonly botId: UserId;
  readonly updateId: number;
  /** Of Telegram: `message`, `callback_query`, … */
  readonly type: string;
  /** Null where it is about no chat of ours (inline queries): nothing can be sent then. */
  readonly chatId: ChatId | null;
  readonly telegramChatId: number | null;
  readonly isPrivate: boolean;
  readonly person: BotPerson;
  readonly input: BotInput;
  readonly raw: object;
}

/** A button of the bot's. `data` may have up to 4,096 bytes: what is over 64, or does not work for ever, goes as a token. */
export type BotButton = Keyboard["rows"][number]["buttons"][number] & {
  /** What it is about, as its service names it; all buttons of an entity stop working together (`invalidate`). */
  readonly entity?: string;
  /** From when it is said; a token's is 30 days where nothing is said. */
  readonly lifeMs?: number;
};

export interface BotKeyboard extends Omit<Keyboard, "rows"> {
  readonly rows: readonly { readonly buttons: readonly BotButton[] }[];
}

/** A message of the bot's. */
export interface BotMessage {
  readonly body: string;
  readonly entities?: readonly { readonly type: string; readonly offset: number; readonly length: number }[];
  /** `fileId`: Telegram's, or a URL it can fetch. */
  readonly file?: { readonly kind: "photo" | "document"; readonly fileId: string };
  readonly keyboard?: BotKeyboard;
}

/** What is to happen. */
export type BotAction =
  /** A message into the chat: stored, shown to people of ours, sent by the bot's outbox; once. */
  | { readonly kind: "send"; readonly message: BotMessage }
  /** Of a message of the bot's, by Telegram's id: here and there, by the bot's outbox, after all that was said before it. */
  | {
      readonly kind: "edit";
      readonly messageId: number;
      readonly body: string;
      readonly keyboard?: BotKeyboard;
    }
  /** The bot's buttons about an entity work no more, but for those of this very answer. */
  | { readonly kind: "invalidate"; readonly entity: string }
  /** The answer to a press, for the person alone; only as long as they may wait for it. Without one the router answers with nothing. */
  | { readonly kind: "answer"; readonly text: string; readonly alert?: boolean };

/** A call of a service of the bot's, by its name. A crash may repeat it, under the same request id. */
export interface ServiceCall {
  readonly service: string;
  /** What is sent beside the event (`bot-service.openapi.json`): for a dialogue, what was filled in. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** What came of a call. `failed` after all retries, or at once while its breaker is open. */
export type ServiceAnswer =
  | {
      readonly kind: "answered";
      readonly actions: readonly BotAction[];
      /** What the service says beside its actions, for the decider that asked. */
      readonly data: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "failed"; readonly reason: string };

/** What a decider wants. The actions are done and the memory is kept in one commit, when no call is left. */
export interface BotVerdict {
  readonly actions: readonly BotAction[];
  /** In place of what was remembered; null forgets; missing: as it was. */
  readonly memory?: BotMemory | null;
  /** The decider is asked again with its answer (`resume`); the actions before it go together with those after it. */
  readonly call?: ServiceCall;
}

/** What is remembered of one person in one chat with one bot, until a time: after that it is as if it never was. */
export interface BotMemory {
  readonly state: Readonly<Record<string, unknown>>;
  readonly untilMs: number;
}

export interface BotDecider {
  /** Null: not for this one, the next is asked. */
  decide(event: BotEvent, memory: BotMemory | null, nowMs: number): BotVerdict | null;
  /** With the answer to the call of its last verdict, and the memory as that verdict left it. */
  resume(event: BotEvent, memory: BotMemory | null, answer: ServiceAnswer, nowMs: number): BotVerdict;
}
