import {
  type ActorKey,
  actorKey,
  type CommandBatch,
  type LoggedCommand,
  type ShardId,
} from "@rookery/protocol";
import type { Suspect } from "@rookery/store";
import type { Cell } from "./cell.ts";
import type { Position } from "./definition.ts";
import { Interest } from "./interest.ts";

/** A repeat is seldom alone: for so long others are looked for before deciding. */
const repeatsMs = 10_000;

/** A command with what the log says about it. */
export interface Arrived {
  readonly command: LoggedCommand;
  /** Of the actor it goes to; made once, for it is looked up by many. */
  readonly key: ActorKey;
  /** Where its reply goes; null when nobody waits. */
  readonly edge: string | null;
  readonly timeMs: number;
  /** The log message it came in. */
  readonly seq: number;
}

/** What is said of a message of the log beside its commands. */
export interface Envelope {
  readonly seq: number;
  readonly timeMs: number;
  readonly msgId: string | null;
  readonly bytesSize: number;
}

/** One message of the log: what one process asked of the shard in one tick. */
export interface Delivery {
  readonly envelope: Envelope;
  readonly commands: readonly Arrived[];
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
  /** Actors of which something was told lately, and where that left them; repeated in case the telling was lost (L5). */
  readonly recent = new Map<ActorKey, { readonly atMs: number; readonly position: Position }>();
  /** What the row said of former owners when it was claimed (L8). */
  deaths: number;
  suspect: Suspect | null;
  /** Commits that were refused for a repeat among their commands, or for newer facts, and decided again. */
  refusedCommits = 0;
  /** Until then commands are looked up before they are decided (L3); after it the commit refuses a repeat. */
  #repeatsUntilMs = 0;
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
    // Whoever waits for an answer of the former owner's asks again.
    this.#repeatsUntilMs = performance.now() + repeatsMs;
  }

  /** Whether repeats are likely, of what is not remembered here. */
  get expectsRepeats(): boolean {
    return performance.now() < this.#repeatsUntilMs;
  }

  /** A commit of it was refused, as one that has a repeat is. */
  expectRepeats(forMs = repeatsMs): void {
    this.refusedCommits += 1;
    this.#repeatsUntilMs = performance.now() + forMs;
  }

  /** A message of the log has arrived. */
  receive(envelope: Envelope, { edge, commands }: CommandBatch): void {
    const { seq, timeMs } = envelope;
    const arrived = commands.map((command) => ({ command, key: actorKey(command.actor), edge, timeMs, seq }));
    this.inbox.push({ envelope, commands: arrived });
    for (const { key } of arrived) this.waiting.set(key, (this.waiting.get(key) ?? 0) + 1);
  }

  /** A command is done with: committed, refused or parked. */
  settle(key: ActorKey): void {
    const left = (this.waiting.get(key) ?? 0) - 1;
    if (left > 0) this.waiting.set(key, left);
    else this.waiting.delete(key);
  }

  /** Messages not yet committed: ours and those still in the log. */
  get lag(): number {
    return this.inbox.length + this.pending;
  }
}
