import type { PresenceNote, PresenceStatus, UserId } from "@rookery/protocol";

/** After the last socket of a user has gone; whoever is back by then was never away. */
export const graceMs = 10_000;
/** Of somebody who is there, the time is noted so often, so that a crash of everybody forgets no more. */
const noteMs = 300_000;

/** What the edges say of a user, taken together. */
export interface Sighting {
  /** `gone`: no edge has a socket of theirs. */
  readonly word: "online" | "away" | "gone";
  /** Somebody watches their presence. */
  readonly watched: boolean;
}

interface Entry {
  /** As it was told last; null: the shard is ours too short a time to know. */
  status: PresenceStatus | null;
  lastSeenMs: number | null;
  watched: boolean;
}

/**
 * The presence of the users of one shard, while it has one owner. Pure: the clock is an argument.
 *
 * unknown ──seen──▶ online ◀──▶ away ──no edge has them──▶ leaving ──10 s──▶ offline ──seen──▶ online
 *    └──10 s after the claim──▶ offline               └──seen in time──▶ online, away: nobody is told
 */
export class PresenceBoard {
  readonly #claimedMs: number;
  /** Those who are there or leaving, and those who are watched. */
  readonly #entries = new Map<UserId, Entry>();
  /** Who is leaving, and since when; in order of time. */
  readonly #leaving = new Map<UserId, number>();
  #settled = false;

  constructor(claimedMs: number) {
    this.#claimedMs = claimedMs;
  }

  /** Takes what edges say of a user now. @returns what there is to tell. */
  see(userId: UserId, { word, watched }: Sighting, nowMs: number): PresenceNote | null {
    const known = this.#entries.get(userId);
    if (word === "gone") {
      if (known === undefined) {
        if (watched) this.#entries.set(userId, { status: this.#absent(nowMs), lastSeenMs: null, watched });
        return null;
      }
      known.watched = watched;
      if (known.status === "offline" || known.status === null) {
        if (!watched) this.#entries.delete(userId);
      } else if (!this.#leaving.has(userId)) {
        this.#leaving.set(userId, nowMs);
        known.lastSeenMs = nowMs;
      }
      return null;
    }
    const entry = known ?? { status: null, lastSeenMs: null, watched };
    if (known === undefined) this.#entries.set(userId, entry);
    entry.watched = watched;
    this.#leaving.delete(userId);
    if (entry.status === word) return null;
    entry.status = word;
    entry.lastSeenMs = nowMs;
    return [userId, word, nowMs];
  }

  /** @returns those whose time is up: they are offline from now on. */
  expire(nowMs: number): PresenceNote[] {
    const notes: PresenceNote[] = [];
    for (const [userId, sinceMs] of this.#leaving) {
      if (nowMs - sinceMs < graceMs) break;
      this.#leaving.delete(userId);
      this.#end(userId, notes);
    }
    if (!this.#settled && nowMs - this.#claimedMs >= graceMs) {
      this.#settled = true;
      for (const [userId, { status }] of this.#entries) if (status === null) this.#end(userId, notes);
    }
    return notes;
  }

  /** How a user is; null while a new owner does not know. */
  noteOf(userId: UserId, nowMs: number): PresenceNote | null {
    const entry = this.#entries.get(userId);
    const status = entry === undefined ? this.#absent(nowMs) : entry.status;
    return status === null ? null : [userId, status, entry?.lastSeenMs ?? null];
  }

  /** Every user's status is known, and not only of those who were seen. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Those who are watched, in no order. */
  *watched(): Generator<readonly [UserId, PresenceStatus]> {
    for (const [userId, { watched, status }] of this.#entries) {
      if (watched && status !== null) yield [userId, status];
    }
  }

  /** Notes anew that people are there. @returns those who were not noted for five minutes. */
  note(nowMs: number): UserId[] {
    const users: UserId[] = [];
    for (const [userId, entry] of this.#entries) {
      if (entry.status !== "online" && entry.status !== "away") continue;
      if (this.#leaving.has(userId) || nowMs - (entry.lastSeenMs ?? 0) < noteMs) continue;
      entry.lastSeenMs = nowMs;
      users.push(userId);
    }
    return users;
  }

  /** Who is leaving, and since when. */
  leaving(): Iterable<readonly [UserId, number]> {
    return this.#leaving;
  }

  #end(userId: UserId, notes: PresenceNote[]): void {
    const entry = this.#entries.get(userId);
    if (entry === undefined) return;
    entry.status = "offline";
    notes.push([userId, "offline", entry.lastSeenMs]);
    if (!entry.watched) this.#entries.delete(userId);
  }

  #absent(nowMs: number): PresenceStatus | null {
    return this.#settled || nowMs - this.#claimedMs >= graceMs ? "offline" : null;
  }
}
