/** At most so many in any window of that length: the times of the last ones are kept, so the count is exact. */
export class Pace {
  readonly #windowMs: number;
  readonly #takenMs: number[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** How many more may go now, where `max` may go in a window. */
  room(max: number, nowMs: number): number {
    this.#forget(nowMs);
    return Math.max(0, max - this.#takenMs.length);
  }

  take(nowMs: number): void {
    this.#takenMs.push(nowMs);
  }

  /** What was taken then went only now: a window is counted from what happened. */
  move(takenMs: number, nowMs: number): void {
    const at = this.#takenMs.indexOf(takenMs);
    if (at >= 0) this.#takenMs.splice(at, 1);
    this.#takenMs.push(nowMs);
  }

  /** When the next may go; now or earlier when there is room. */
  nextMs(max: number, nowMs: number): number {
    this.#forget(nowMs);
    const oldest = this.#takenMs[this.#takenMs.length - max];
    return oldest === undefined ? nowMs : oldest + this.#windowMs;
  }

  #forget(nowMs: number): void {
    while ((this.#takenMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs - this.#windowMs) this.#takenMs.shift();
  }
}
