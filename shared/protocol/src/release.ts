/** What workers tell edges, after the commit and never before (L1). JSON on the wire. */
import type { ChangeFrame, Mark, Message } from "./frame.ts";
import type { Reply } from "./command.ts";
import type { ActorKey, ChatId, Epoch, InterestKey, Rev, Seq, ShardId, UserId } from "./id.ts";
import type { PresenceNote } from "./presence.ts";

/** Something committed that watchers are to see. Messages take the next seq, changes the next rev, receipts their own. */
export type Event =
  | { readonly kind: "message"; readonly chatId: ChatId; readonly seq: Seq; readonly message: Message }
  | { readonly kind: "change"; readonly chatId: ChatId; readonly rev: Rev; readonly frame: ChangeFrame }
  | {
      readonly kind: "receipts";
      readonly chatId: ChatId;
      readonly receiptRev: Rev;
      /** Those that moved. */
      readonly marks: readonly Mark[];
      /** The chat has many members (`limits.crowdMin`). */
      readonly crowd: boolean;
    }
  | {
      readonly kind: "feed";
      readonly userId: UserId;
      readonly userRev: Rev;
      readonly chatId: ChatId;
      readonly added: boolean;
    };

/** Where an actor stands: (seq, rev, receiptRev) of a chat, (0, userRev, 0) of a user. */
export type Head = readonly [actor: ActorKey, seq: Seq, rev: Rev, receiptRev: Rev];

/** One shard's part of a release. An edge ignores the parts of older epochs (L2). */
export interface ShardRelease {
  readonly shard: ShardId;
  readonly epoch: Epoch;
  readonly replies: readonly (readonly [ref: number, reply: Reply])[];
  readonly events: readonly Event[];
  /** Repeated from time to time, so that the loss of the last message heals too (L5). */
  readonly heads: readonly Head[];
  /** With heads: a hash of what the worker believes this edge watches (`interestHash`). */
  readonly interest?: number;
  /** Of users whose presence this edge watches: what has changed. */
  readonly presences?: readonly PresenceNote[];
  /** A hash of what this edge was told of the presence of all it watches (`presenceHash`). */
  readonly presence?: number;
}

export interface EdgeBatch {
  readonly worker: string;
  readonly shards: readonly ShardRelease[];
}

/** From an edge to the owner of a shard: what it has there of the shard's actors. */
export interface InterestUpdate {
  readonly edge: string;
  /** Counts this edge's updates to this shard; an older one is ignored. */
  readonly version: number;
  /** True: `add` is all there is. */
  readonly whole: boolean;
  readonly add: readonly InterestKey[];
  readonly remove: readonly InterestKey[];
}

/** The owner's answer: it knows, and these actors stood here; everything after comes as events. */
export interface InterestReply {
  readonly epoch: Epoch;
  readonly version: number;
  readonly heads: readonly Head[];
  /** Of those whose presence is watched from now on; left out: the owner is new and does not know yet. */
  readonly presences?: readonly PresenceNote[];
}

/** A new owner asks every edge to say again what it watches there and to repeat what it waits for. */
export interface ShardClaimed {
  readonly shard: ShardId;
  readonly epoch: Epoch;
  readonly worker: string;
}

/** A shard as its owner sees it; `lag` counts messages of the log not yet applied. */
export interface ShardStatus {
  readonly shard: ShardId;
  readonly epoch: Epoch;
  readonly appliedSeq: number;
  readonly lag: number;
}

/** Said by every worker every second, for whoever looks. */
export interface WorkerStatus {
  readonly worker: string;
  readonly shards: readonly ShardStatus[];
}

/** Said by every process every 300 ms on core NATS. */
export interface Heartbeat {
  readonly role: "edge" | "worker" | "courier";
  /** Unique to one run of one process. */
  readonly id: string;
  readonly leaving: boolean;
  /** How late its event loop was lately, ms (p99); not told in its first seconds. */
  readonly delayMs?: number;
}

/** Said by every edge every second on core NATS. */
export interface EdgeLoad {
  readonly edge: string;
  /** How many it holds. */
  readonly sockets: number;
}

/** From an edge to every worker and courier, once a reading of its metrics. */
export interface MetricsAsk {
  readonly edge: string;
  readonly ask: number;
}

/** The answer: all metrics of one process, in the text form of Prometheus. */
export interface MetricsTold {
  /** Unique to one run of one process. */
  readonly id: string;
  readonly ask: number;
  readonly text: string;
}

/** An order-free hash of a set of keys: equal sets, equal hashes. */
export function interestHash(keys: Iterable<string>): number {
  let sum = 0;
  for (const key of keys) {
    let hash = 0x811c_9dc5;
    for (let index = 0; index < key.length; index += 1) {
      hash = Math.imul(hash ^ key.charCodeAt(index), 0x0100_0193);
    }
    sum = (sum + (hash >>> 0)) % 0x1_0000_0000;
  }
  return sum;
}
