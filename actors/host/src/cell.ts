import type { AddressedCommand, Outcome } from "@rookery/protocol";
import { type AnyDefinition, origin, type Position } from "./definition.ts";

/** Outcomes an actor remembers; older ones are looked up. */
const rememberedMax = 128;

interface Remembered {
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
  readonly #outcomes = new Map<string, Remembered>();
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
    this.#outcomes.set(`${senderId}:${uuid}`, { outcome, batch });
  }

  recall(senderId: number, uuid: string): Outcome | undefined {
    return this.#outcomes.get(`${senderId}:${uuid}`)?.outcome;
  }

  /** Whether nothing of this name was ever decided, so that there is nothing to look up. */
  isFirst(command: AddressedCommand): boolean {
    return this.state !== null && this.definition.isFirst?.(this.state, command) === true;
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
