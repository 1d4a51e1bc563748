/** Whether people are there: never in the log, lost with the processes that know it, and said again by others. */
import type { ServerFrameOf } from "./frame.ts";
import type { Epoch, UserId } from "./id.ts";
import { interestHash } from "./release.ts";

export type PresenceStatus = ServerFrameOf<"Presence">["status"];

/** A user's status, and when they were last there; null: not since their shard has this owner. */
export type PresenceNote = readonly [userId: UserId, status: PresenceStatus, lastSeenMs: number | null];

/** Asked of the owner of a shard, about users of it. */
export interface PresenceQuery {
  readonly userIds: readonly UserId[];
}

export interface PresenceReply {
  readonly epoch: Epoch;
  readonly presences: readonly PresenceNote[];
}

/** Members of chats who are typing now; core NATS, to every edge, and no harm when it is lost. */
export interface TypingBatch {
  readonly typing: readonly (readonly [chatId: number, userId: UserId])[];
  /** What bots are about to say. */
  readonly drafts?: readonly ServerFrameOf<"Draft">[];
}

/** An order-free hash of who is told to be how; two sides that agree on it agree on all of them. */
export function presenceHash(told: Iterable<readonly [UserId, PresenceStatus]>): number {
  const words: string[] = [];
  for (const [userId, status] of told) words.push(`${userId}:${status}`);
  return interestHash(words);
}
