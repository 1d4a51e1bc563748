import { type EndpointFacts, noEndpoints, type UserId } from "@rookery/protocol";
import type { NativeBotFact } from "@rookery/store";

/** What chats know that nobody of them owns; the worker reads it, the commit checks it. */
export interface ChatFacts {
  readonly nativeBots: ReadonlyMap<UserId, NativeBotFact>;
  /** Who is told of what happens, by webhook. */
  readonly endpoints: EndpointFacts;
}

export const nothingKnown: ChatFacts = { nativeBots: new Map(), endpoints: noEndpoints };
