import type { UserId } from "@rookery/protocol";
import type { NativeBotFact } from "@rookery/store";

/** What chats know that nobody of them owns; the worker reads it, the commit checks it. */
export interface ChatFacts {
  readonly nativeBots: ReadonlyMap<UserId, NativeBotFact>;
}

export const nothingKnown: ChatFacts = { nativeBots: new Map() };
