/**
 * The messages a chat has at hand: those written or fetched last. A chain, newest first, so that a write adds a link and copies
 * nothing: a state that is thrown away lets go of its links, and the states before it have lost none.
 *
 * The bound: a batch has at most 256 commands for a chat; each writes at most one message, be it in steps, and has at most one fetched.
 * What batch N wrote is nowhere else until N has committed, and meanwhile N + 1 fetches and writes. So the last 768
 * writes must be here; at least 960 are.
 */
import type { Seq } from "@rookery/protocol";
import type { StoredMessage } from "@rookery/store";

const keptMin = 960;
/** Between batches only these few of the last are kept. */
const trimmedMin = 32;

interface Link {
  readonly message: StoredMessage;
  readonly older: Link | null;
}

export interface Recollection {
  readonly newest: Link | null;
  readonly length: number;
}

export const nothingRecent: Recollection = { newest: null, length: 0 };

/** Newest first; of a message that was written several times each writing, the last one first. */
export function* recentMessages({ newest }: Recollection): Generator<StoredMessage> {
  for (let link = newest; link !== null; link = link.older) yield link.message;
}

/** The message as it was written last; undefined when it is not at hand. */
export function recentMessage({ newest }: Recollection, seq: Seq): StoredMessage | undefined {
  for (let link = newest; link !== null; link = link.older) if (link.message.seq === seq) return link.message;
  return undefined;
}

/**
 * The message that Telegram knows by this id, where it is at hand. Of two the later: a group that became a supergroup counts
 * anew. A walk over all that is at hand, for the few commands that speak of Telegram's ids.
 */
export function recentTelegramMessage(recent: Recollection, messageId: number): StoredMessage | undefined {
  let seq = 0;
  for (const message of recentMessages(recent)) {
    if (message.seq > seq && message.detail?.telegram?.messageId === messageId) seq = message.seq;
  }
  return seq === 0 ? undefined : recentMessage(recent, seq);
}

/** With these messages too, each as it is now. */
export function keepRecent(recent: Recollection, messages: Iterable<StoredMessage>): Recollection {
  let { newest, length } = recent;
  for (const message of messages) {
    // What one command writes of a message in several steps is one writing.
    const again = newest?.message.seq === message.seq ? newest : null;
    newest = { message, older: again === null ? newest : again.older };
    if (again === null) length += 1;
  }
  return cut({ newest, length }, keptMin);
}

/** With a few of the last only. */
export function trimRecent(recent: Recollection): Recollection {
  return cut(recent, trimmedMin);
}

/** The last `min`, made anew whenever there are twice as many: so a link is copied once at most on average. */
function cut(recent: Recollection, min: number): Recollection {
  if (recent.length < 2 * min) return recent;
  const kept: StoredMessage[] = [];
  for (const message of recentMessages(recent)) {
    kept.push(message);
    if (kept.length === min) break;
  }
  return {
    newest: kept.reduceRight<Link | null>((older, message) => ({ message, older }), null),
    length: min,
  };
}
