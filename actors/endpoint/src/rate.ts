/** At most so many in any second: the times of the last ones are kept in a ring, so the count is exact and costs nothing. */
export class Rate {
  readonly #takenMs: Float64Array;
  #at = 0;

  constructor(perSecond: number) {
    this.#takenMs = new Float64Array(perSecond).fill(Number.NEGATIVE_INFINITY);
  }

  /** When the next may go; now or earlier when one may. */
  get nextMs(): number {
    return (this.#takenMs[this.#at] ?? Number.NEGATIVE_INFINITY) + 1_000;
  }

  take(nowMs: number): void {
    this.#takenMs[this.#at] = nowMs;
    this.#at = (this.#at + 1) % this.#takenMs.length;
  }
}
