/**
 * Writes what sockets have in their outboxes at the end of a turn of the event loop: whatever a turn has for a socket goes in
 * one write. A write is a system call of about 6 µs, and most of what a frame costs (`npm run load -- direct`, `fan-out`).
 */
export class Flusher {
  #due: { flush(): void }[] = [];

  /** The outbox was empty until now. */
  add(connection: { flush(): void }): void {
    if (this.#due.push(connection) === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const due = this.#due;
    this.#due = [];
    for (const connection of due) connection.flush();
  };
}
