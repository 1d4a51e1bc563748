import { type ActorKey, type ActorRef, actorKey, type CommandBatch, type ShardId } from "@rookery/protocol";
import type { Suspect } from "@rookery/store";
import type { Cell } from "./cell.ts";
import { Interest } from "./interest.ts";

/** One message of the log: what one process asked of the shard in one tick. */
export interface Delivery {
  readonly seq: number;
  readonly timeMs: number;
  readonly msgId: string | null;
  readonly bytesSize: number;
  readonly batch: CommandBatch;
}

/** A shard we own: what came from the log and is not yet committed, and its actors in memory. */
export class Shard {
  readonly id: ShardId;
  readonly epoch: number;
  readonly logId: string;
  /** Committed (L2). */
  appliedSeq: number;
  /** Decided: ahead of `appliedSeq` by the commit in flight. */
  decidedSeq: number;
  /** In log order, not yet decided. */
  inbox: Delivery[] = [];
  /** Commands read and not yet committed, by actor. */
  readonly waiting = new Map<ActorKey, number>();
  /** How many messages of the shard lay in the log behind the last one read. */
  pending = 0;
  readonly cells = new Map<ActorKey, Cell>();
  readonly interest = new Interest();
  /** Frames go to every live edge until all have said what they watch, or this time has come. */
  floodUntilMs: number;
  /** Actors whose heads were told lately; repeated in case the telling was lost (L5). */
  readonly recent = new Map<ActorKey, number>();
  /** What the row said of former owners when it was claimed (L8). */
  deaths: number;
  suspect: Suspect | null;
  /** Taken from us or given back: nothing of it is committed or told any more. */
  lost = false;

  constructor(claim: {
    readonly id: ShardId;
    readonly epoch: number;
    readonly logId: string;
    readonly appliedSeq: number;
    readonly floodUntilMs: number;
    readonly deaths: number;
    readonly suspect: Suspect | null;
  }) {
    this.id = claim.id;
    this.epoch = claim.epoch;
    this.logId = claim.logId;
    this.appliedSeq = claim.appliedSeq;
    this.decidedSeq = claim.appliedSeq;
    this.floodUntilMs = claim.floodUntilMs;
    this.deaths = claim.deaths;
    this.suspect = claim.suspect;
  }

  /** A message of the log has arrived. */
  receive(delivery: Delivery): void {
    this.inbox.push(delivery);
    for (const { actor } of delivery.batch.commands) {
      const key = actorKey(actor);
      this.waiting.set(key, (this.waiting.get(key) ?? 0) + 1);
    }
  }

  /** A command is done with: committed, refused or parked. */
  settle(actor: ActorRef): void {
    const key = actorKey(actor);
    const left = (this.waiting.get(key) ?? 0) - 1;
    if (left > 0) this.waiting.set(key, left);
    else this.waiting.delete(key);
  }

  /** Messages not yet committed: ours and those still in the log. */
  get lag(): number {
    return this.inbox.length + this.pending;
  }
}
