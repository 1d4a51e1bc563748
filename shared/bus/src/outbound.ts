/** Bytes handed to the client library that the server has not confirmed; beyond it publishing is refused. */
export const UNCONFIRMED_BYTES_MAX = 64 * 1024 * 1024;
/** One round trip confirms at least this much, so confirming costs nothing on an idle or a busy connection. */
const CONFIRM_BYTES = 1024 * 1024;

/**
 * Bounds what waits in our socket for a server that reads too slowly: the library itself would queue without end.
 * The server answers a PING after it has read all that was sent before, which is the confirmation.
 */
export class Outbound {
  readonly #ping: () => Promise<void>;
  #sentBytes = 0;
  #confirmedBytes = 0;
  #pinging = false;

  constructor(ping: () => Promise<void>) {
    this.#ping = ping;
  }

  get unconfirmedBytes(): number {
    return this.#sentBytes - this.#confirmedBytes;
  }

  /** Counts `bytes` as sent; false, and nothing counted, when they do not fit. */
  admit(bytes: number): boolean {
    if (this.unconfirmedBytes + bytes > UNCONFIRMED_BYTES_MAX) return false;
    this.#sentBytes += bytes;
    if (!this.#pinging && this.unconfirmedBytes >= CONFIRM_BYTES) this.#confirm();
    return true;
  }

  /** The connection is a new one: what the old one held is gone. */
  reset(): void {
    this.#confirmedBytes = this.#sentBytes;
  }

  #confirm(): void {
    const upTo = this.#sentBytes;
    this.#pinging = true;
    this.#ping().then(
      () => {
        this.#pinging = false;
        this.#confirmedBytes = Math.max(this.#confirmedBytes, upTo);
        if (this.unconfirmedBytes >= CONFIRM_BYTES) this.#confirm();
      },
      () => {
        // The connection broke; `reset` follows.
        this.#pinging = false;
      },
    );
  }
}
