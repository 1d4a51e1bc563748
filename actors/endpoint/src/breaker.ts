/**
 * Whether it is worth asking somebody who fails.
 *
 *   closed ──most of the last calls failed──▶ open ──after a while──▶ one may try ──it succeeds──▶ closed
 *                                              ▲                          │
 *                                              └────────── it fails ──────┘
 */
const windowMs = 30_000;
const callsMin = 10;
const failuresShare = 0.7;
const openMs = 30_000;
const callsMax = 200;

/** Pure but for its own memory: the clock is an argument. */
export class Breaker {
  #calls: { readonly atMs: number; readonly ok: boolean }[] = [];
  #openUntilMs: number | null = null;
  #isProbed = false;

  /** Whether a call may go now. Of an open one's, one in a while: its result MUST be noted. */
  allows(nowMs: number): boolean {
    if (this.#openUntilMs === null) return true;
    if (nowMs < this.#openUntilMs || this.#isProbed) return false;
    this.#isProbed = true;
    return true;
  }

  /** When it may allow a call again; null: the one that may try is under way. */
  nextMs(nowMs: number): number | null {
    if (this.#openUntilMs === null) return nowMs;
    return this.#isProbed ? null : this.#openUntilMs;
  }

  /** A call that was allowed was not made. */
  withdraw(): void {
    this.#isProbed = false;
  }

  note(ok: boolean, nowMs: number): void {
    if (this.#openUntilMs !== null) {
      // Those that went before it opened say nothing about now.
      if (!this.#isProbed) return;
      this.#isProbed = false;
      this.#openUntilMs = ok ? null : nowMs + openMs;
      this.#calls = [];
      return;
    }
    this.#calls.push({ atMs: nowMs, ok });
    this.#calls = this.#calls.filter(({ atMs }) => atMs > nowMs - windowMs).slice(-callsMax);
    const failures = this.#calls.filter((call) => !call.ok).length;
    if (this.#calls.length >= callsMin && failures >= this.#calls.length * failuresShare) {
      this.#openUntilMs = nowMs + openMs;
    }
  }
}
