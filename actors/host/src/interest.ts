import { type InterestKey, type InterestUpdate, interestHash } from "@rookery/protocol";

/**
 * Which edges have what of one shard: the actors they watch, and what else they say of those. Interest is state, not events: an update is versioned, a whole one
 * replaces, and edges compare hashes from time to time (L5).
 */
export class Interest {
  readonly #edges = new Map<string, { version: number; readonly watched: Set<InterestKey> }>();
  readonly #watchers = new Map<InterestKey, Set<string>>();
  /** Told each key that may have other watchers now; again and again while a whole is taken. */
  changed: (key: InterestKey) => void = () => {};

  /** @returns false when a part is missing before this update: the edge has to say the whole again. */
  apply(update: InterestUpdate): boolean {
    const known = this.#edges.get(update.edge);
    if (known !== undefined && update.version <= known.version) return true;
    if (!update.whole && known?.version !== update.version - 1) return false;
    if (update.whole) this.forget(update.edge);
    const entry = this.#edges.get(update.edge) ?? { version: 0, watched: new Set() };
    this.#edges.set(update.edge, entry);
    entry.version = update.version;
    for (const key of update.add) {
      entry.watched.add(key);
      let watchers = this.#watchers.get(key);
      if (watchers === undefined) this.#watchers.set(key, (watchers = new Set()));
      watchers.add(update.edge);
      this.changed(key);
    }
    for (const key of update.remove) {
      entry.watched.delete(key);
      this.#unwatch(key, update.edge);
    }
    return true;
  }

  /** An edge is gone, or starts anew. */
  forget(edge: string): void {
    for (const key of this.#edges.get(edge)?.watched ?? []) this.#unwatch(key, edge);
    this.#edges.delete(edge);
  }

  watchersOf(key: InterestKey): Iterable<string> {
    return this.#watchers.get(key) ?? [];
  }

  isWatched(key: InterestKey): boolean {
    return this.#watchers.has(key);
  }

  knows(edge: string): boolean {
    return this.#edges.has(edge);
  }

  edges(): Iterable<string> {
    return this.#edges.keys();
  }

  hashOf(edge: string): number {
    return interestHash(this.#edges.get(edge)?.watched ?? []);
  }

  #unwatch(key: InterestKey, edge: string): void {
    const watchers = this.#watchers.get(key);
    watchers?.delete(edge);
    if (watchers?.size === 0) this.#watchers.delete(key);
    this.changed(key);
  }
}
