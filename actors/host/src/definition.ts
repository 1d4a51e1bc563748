/** What an actor is to its host. The host knows no domain: it loads, asks, commits and releases. */
import type {
  ActorKind,
  ActorRef,
  AddressedCommand,
  Command,
  Event,
  FaultInfo,
  Job,
  Outcome,
} from "@rookery/protocol";
import type { Queryable, Row } from "@rookery/store";

/** How far an actor's sequences have come, those that it has. */
export interface Position {
  readonly seq: number;
  readonly rev: number;
  readonly receiptRev: number;
}

/** Where an actor begins. */
export const origin: Position = { seq: 0, rev: 0, receiptRev: 0 };

/** A command on its way to another actor: written with this commit, sent after it, gone when it was applied. */
export interface Relayed {
  /** Names it for ever; made of what caused it, never at random (L9). */
  readonly id: string;
  readonly target: ActorRef;
  readonly command: Command;
}

/**
 * What a command leads to. A refusal writes nothing and is decided anew when repeated; everything else is final once
 * committed, and only then told (L1).
 */
export type Decision<State> =
  | { readonly kind: "refused"; readonly fault: FaultInfo }
  | {
      readonly kind: "done";
      readonly state: State;
      readonly outcome: Outcome;
      readonly rows: readonly Row[];
      readonly events: readonly Event[];
      readonly relays: readonly Relayed[];
      /** What is to leave the cluster because of it; `rows` has them too. */
      readonly jobs?: readonly Job[];
    };

/** The name of a command in its scope (L3). */
export interface Asked {
  readonly actorId: number;
  readonly senderId: number;
  readonly uuid: string;
}

export interface Recalled extends Asked {
  readonly outcome: Outcome;
}

/** The keys of one actor's rows that its commands are about. */
export interface Wanted {
  readonly actorId: number;
  readonly keys: readonly number[];
}

/**
 * Rows an actor needs for a decision and does not keep in its state for good. The host asks before it decides, one query
 * a batch for all actors, so `decide` finds them in the state and stays pure.
 *
 * What a state has changed and not committed is nowhere else: it MUST keep the changes of two batches and what was
 * learned for them, 256 commands each, until `trim`.
 */
export interface Memory<State> {
  /** Of the rows that this command is about, those the state does not hold. Pure. */
  missing(state: State, command: AddressedCommand): readonly number[];
  /** Committed rows by actor; those that are not there are left out. */
  fetch(db: Queryable, wanted: readonly Wanted[]): Promise<ReadonlyMap<number, readonly object[]>>;
  /** The state that holds these rows too. Pure. */
  learn(state: State, rows: readonly object[]): State;
  /** Everything in the state is committed: the state without what can be fetched again. Pure. */
  trim(state: State): State;
}

export interface ActorDefinition<State, Known = unknown> {
  readonly kind: ActorKind;
  /** States from committed rows; an actor without rows is `null`. */
  load(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, State | null>>;
  /** The first outcomes of those commands that have one (L3). */
  recall(db: Queryable, asked: readonly Asked[]): Promise<readonly Recalled[]>;
  /** Where actors stand, from committed rows; those that do not exist are left out. */
  heads(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, Position>>;
  positionOf(state: State): Position;
  readonly memory?: Memory<State>;
  /**
   * Pure (L9): MUST depend on nothing but its arguments and MUST NOT change `state`. `nowMs` is the log's time of the
   * command, so a replay decides the same. `facts` are what all actors may know and none owns (`facts.ts`); nothing of
   * them may be kept in the state, for the commit checks only those it was decided with.
   */
  decide(state: State | null, command: AddressedCommand, nowMs: number, facts: Known): Decision<State>;
}

/** Definitions of different states, side by side; the host never looks inside a state. */
export type AnyDefinition = ActorDefinition<unknown>;

/** Forgets the types of the state and of the facts, so that one host can hold actors of several kinds. */
export function anyDefinition<State, Known>(definition: ActorDefinition<State, Known>): AnyDefinition {
  return definition;
}
