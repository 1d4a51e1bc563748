/** Room beside the actors for what is never committed: it is made of interest, and ends with the ownership. */
import type { Epoch, InterestKey, InterestReply, ShardId } from "@rookery/protocol";
import type { Interest } from "./interest.ts";

/** A shard of ours, as who attends to it may see it. */
export interface AttendedShard {
  readonly id: ShardId;
  readonly epoch: Epoch;
  readonly interest: Pick<Interest, "watchersOf" | "isWatched">;
}

/** What an owner does besides with one shard. */
export interface Attendance {
  /** What edges say of this key may have changed. Runs inside the reading of their word: note it and return. */
  changed(key: InterestKey): void;
  /** What the answer to an edge tells besides, of the keys it has added. */
  answer(added: readonly InterestKey[]): Pick<InterestReply, "presences">;
  /** The shard is ours no more: nothing is told of it from now on. */
  close(): void;
}

export type Attend = (shard: AttendedShard) => Attendance;
