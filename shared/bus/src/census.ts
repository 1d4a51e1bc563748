import type { Heartbeat } from "@rookery/protocol";

export type Role = Heartbeat["role"];

export const HEARTBEAT_MS = 300;
/** Silence after which a process counts as gone: three heartbeats missed. */
export const SILENT_MS_MAX = 1_000;
/** A process that starts listens so long before it judges: two heartbeats of everybody. */
const GATHER_MS = 600;

/**
 * Who is alive, by what was heard and when; the caller brings the clock.
 *
 * deaf ──own voice heard──▶ listening ──everybody had a turn to speak──▶ judging ──own voice missed──▶ deaf
 *
 * Who does not hear itself is cut off and judges nobody, nor right after: others are heard again one by one.
 */
export class Census {
  readonly #self: string;
  readonly #heard = new Map<string, { readonly role: Role; readonly atMs: number }>();
  #selfMs = Number.NEGATIVE_INFINITY;
  #judgeFromMs = Number.POSITIVE_INFINITY;

  constructor(self: string) {
    this.#self = self;
  }

  /** @returns whether it changes who is there. */
  hear({ id, role, leaving }: Heartbeat, nowMs: number): boolean {
    if (id === this.#self) this.#hearSelf(nowMs);
    if (leaving) return this.#heard.delete(id);
    const known = this.#heard.has(id);
    this.#heard.set(id, { role, atMs: nowMs });
    return !known;
  }

  /** Drops who has fallen silent. @returns whether anybody has. */
  forget(nowMs: number): boolean {
    if (!this.#mayJudge(nowMs)) return false;
    const before = this.#heard.size;
    for (const [id, { atMs }] of this.#heard) if (nowMs - atMs > SILENT_MS_MAX) this.#heard.delete(id);
    return this.#heard.size !== before;
  }

  /** When somebody may have been silent for too long, if nobody is heard until then. */
  nextSilenceMs(nowMs: number): number {
    let firstMs = nowMs;
    for (const { atMs } of this.#heard.values()) firstMs = Math.min(firstMs, atMs);
    return firstMs + SILENT_MS_MAX + 1;
  }

  /** The ids of those alive in a role, sorted; null while nobody is judged. */
  live(role: Role, nowMs: number): readonly string[] | null {
    if (!this.#mayJudge(nowMs)) return null;
    return [...this.#heard].flatMap(([id, heard]) => (heard.role === role ? [id] : [])).toSorted();
  }

  #hearSelf(nowMs: number): void {
    if (nowMs - this.#selfMs >= SILENT_MS_MAX) {
      const first = this.#selfMs === Number.NEGATIVE_INFINITY;
      this.#judgeFromMs = nowMs + (first ? GATHER_MS : SILENT_MS_MAX);
    }
    this.#selfMs = nowMs;
  }

  #mayJudge(nowMs: number): boolean {
    return nowMs - this.#selfMs < SILENT_MS_MAX && nowMs >= this.#judgeFromMs;
  }
}
