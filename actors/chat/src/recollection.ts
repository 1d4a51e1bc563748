/**
 * The messages a chat has at hand: those written or fetched last. Generations, so that a write copies a few entries and
 * not all: the young one is copied on write, and when it is full it becomes the first of the old, which nobody changes.
 *
 * The bound: a batch has at most 256 commands for a chat; each writes at most one message and has at most one fetched.
 * What batch N wrote is nowhere else until N has committed, and meanwhile N + 1 fetches and writes. So the last 768
 * writes must be here; 960 are.
 */
import type { Seq } from "@rookery/protocol";
import type { StoredMessage } from "@rookery/store";

const generationMax = 64;
/** Beside the young one. */
const generationsMax = 15;

type Generation = ReadonlyMap<Seq, StoredMessage>;

export interface Recollection {
  readonly young: Generation;
  /** Newest first. */
  readonly old: readonly Generation[];
}

export const nothingRecent: Recollection = { young: new Map(), old: [] };

/** The message as it was written last; undefined when it is not at hand. */
export function recentMessage({ young, old }: Recollection, seq: Seq): StoredMessage | undefined {
  const found = young.get(seq);
  if (found !== undefined) return found;
  for (const generation of old) {
    const older = generation.get(seq);
    if (older !== undefined) return older;
  }
  return undefined;
}

/**
 * The message that Telegram knows by this id, where it is at hand. Of two the later: a group that became a supergroup counts
 * anew. A walk over all that is at hand, for the few commands that speak of Telegram's ids.
 */
export function recentTelegramMessage(recent: Recollection, messageId: number): StoredMessage | undefined {
  let seq = 0;
  for (const generation of [recent.young, ...recent.old]) {
    for (const message of generation.values()) {
      if (message.seq > seq && message.detail?.telegram?.messageId === messageId) seq = message.seq;
    }
  }
  return seq === 0 ? undefined : recentMessage(recent, seq);
}

/** With these messages too, each as it is now. */
export function keepRecent(recent: Recollection, messages: Iterable<StoredMessage>): Recollection {
  let { young, old } = recent;
  let next = new Map(young);
  for (const message of messages) {
    next.set(message.seq, message);
    if (next.size < generationMax) continue;
    old = [next, ...old.slice(0, generationsMax - 1)];
    next = new Map();
  }
  young = next;
  return { young, old };
}

/** With a few of the last only. */
export function trimRecent(recent: Recollection): Recollection {
  return recent.old.length === 0 ? recent : { young: recent.young, old: [] };
}
