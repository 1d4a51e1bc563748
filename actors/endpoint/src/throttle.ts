/** Who says that it is too much gets half of it at once, at most so often. */
const halvingMs = 1_000;

/**
 * How many may be in flight: fewer after 429, 502 and 504, more again with every delivery that is taken (additive increase,
 * multiplicative decrease).
 */
export class Throttle {
  readonly #max: number;
  #allowed: number;
  #halvedMs = Number.NEGATIVE_INFINITY;

  constructor(max: number) {
    this.#max = max;
    this.#allowed = max;
  }

  get room(): number {
    return Math.floor(this.#allowed);
  }

  taken(): void {
    this.#allowed = Math.min(this.#max, this.#allowed + 1 / this.#allowed);
  }

  tooFast(nowMs: number): void {
    // Those that were under way when it was halved say nothing new.
    if (Math.abs(nowMs - this.#halvedMs) < halvingMs) return;
    this.#halvedMs = nowMs;
    this.#allowed = Math.max(1, this.#allowed / 2);
  }
}
