import type { Outcome } from "@rookery/protocol";
import { type AnyDefinition, origin, type Position } from "./definition.ts";

/** Outcomes an actor remembers; older ones are looked up. */
const rememberedMax = 32;

interface Remembered {
  readonly senderId: number;
  readonly outcome: Outcome;
  /** The batch that decided it; not to be forgotten before that is committed. */
  readonly batch: number;
}

/**
 * An actor in memory: its state as decided, which may be ahead of Postgres by the commits in flight, and its position
 * as released, which never is.
 */
export class Cell {
  readonly definition: AnyDefinition;
  state: unknown;
  /** What watchers have been told: committed. */
  released: Position;
  /** By uuid; of a second sender with the same one, which hardly ever is, by both. */
  readonly #outcomes = new Map<string, Remembered>();
  #shared = false;
  /** The last batch that decides for it. */
  #batch = 0;

  constructor(definition: AnyDefinition, state: unknown) {
    this.definition = definition;
    this.state = state;
    this.released = this.decided;
  }

  /** Where the state stands, committed or not. */
  get decided(): Position {
    return this.state === null ? origin : this.definition.positionOf(this.state);
  }

  /** A batch begins to ask what the state holds: from here to its commit nothing of it is forgotten. */
  begin(batch: number): void {
    this.#batch = batch;
  }

  remember(senderId: number, uuid: string, outcome: Outcome, batch: number): void {
    const there = this.#outcomes.get(uuid);
    const isShared = there !== undefined && there.senderId !== senderId;
    if (isShared) this.#shared = true;
    this.#outcomes.set(isShared ? both(senderId, uuid) : uuid, { senderId, outcome, batch });
  }

  recall(senderId: number, uuid: string): Outcome | undefined {
    const found = this.#outcomes.get(uuid);
    if (found?.senderId === senderId) return found.outcome;
    return this.#shared ? this.#outcomes.get(both(senderId, uuid))?.outcome : undefined;
  }

  /** After the commit of `batch`, which left it at `position`: watchers may know, what is old may be forgotten. */
  settle(batch: number, position: Position): void {
    this.released = position;
    const { memory } = this.definition;
    if (memory !== undefined && this.state !== null && this.#batch <= batch) {
      this.state = memory.trim(this.state);
    }
    for (const [name, remembered] of this.#outcomes) {
      if (this.#outcomes.size <= rememberedMax || remembered.batch > batch) break;
      this.#outcomes.delete(name);
    }
  }
}

/** No uuid holds a space. */
function both(senderId: number, uuid: string): string {
  return `${senderId} ${uuid}`;
}
