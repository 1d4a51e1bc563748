/**
 * Facts: what actors decide by and no actor owns. Every decision is given them as an argument (L9), and every commit names
 * the version it was decided with; Postgres refuses it when another is today's, and the loop decides again. So a change is
 * obeyed by every command that comes after it, though nobody needs to hear of it.
 */
import type { Queryable, Store } from "@rookery/store";

export interface Facts {
  /** Counts the changes (`readFactVersion`). */
  readonly version: number;
  /** Known to the actors; the host never looks inside. Nobody changes it in place. */
  readonly value: unknown;
}

/**
 * Reads the facts, from those read before or from nothing. MUST read the version first: what is read after it may only be newer,
 * which the commit notices.
 */
export type ReadFacts = (db: Queryable, before: Facts | null) => Promise<Facts>;

/** The facts as read last. */
export class FactKeeper {
  readonly #read: ReadFacts;
  readonly #store: Store;
  #facts: Facts | null = null;
  #isOld = true;

  constructor(read: ReadFacts, store: Store) {
    this.#read = read;
    this.#store = store;
  }

  /** They have changed, or may have. */
  renew(): void {
    this.#isOld = true;
  }

  /** @throws when Postgres is out of reach. */
  async current(): Promise<Facts> {
    if (this.#facts !== null && !this.#isOld) return this.#facts;
    this.#isOld = false;
    try {
      return (this.#facts = await this.#read(this.#store, this.#facts));
    } catch (error) {
      this.#isOld = true;
      throw error;
    }
  }
}
