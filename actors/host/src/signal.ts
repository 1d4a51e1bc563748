/** Wakes everybody who waits; a notification with nobody waiting is kept for the next one. */
export class Signal {
  #waiting: (() => void)[] = [];
  #notified = false;

  wait(): Promise<void> {
    if (this.#notified) {
      this.#notified = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#notified = waiting.length === 0;
    for (const wake of waiting) wake();
  }
}
