import type { Msg } from "@nats-io/nats-core";
import { BusOutage, type OutageReason } from "./outage.ts";

/** Answers awaited at once by one connection; one more is refused as `overloaded`. */
export const REPLIES_MAX = 65_536;
/** A wait ends between its time and this much later; one timer serves all. */
const SWEEP_MS = 50;

interface Waiting {
  readonly subject: string;
  readonly untilMs: number;
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: BusOutage) => void;
}

/**
 * Who waits for which answer. Every wait ends: by its answer, by its time, or by the connection's end; so an
 * append costs no timer and no subscription of its own.
 */
export class ReplyBox {
  readonly #waiting = new Map<string, Waiting>();
  #nextToken = 0;
  #sweep: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * The token to end the reply subject with, and the promise of what comes there.
   * @throws BusOutage `overloaded` at once; the promise rejects with `timeout`, `no_responders` or `failAll`'s
   */
  await(subject: string, timeoutMs: number): { token: string; answer: Promise<Msg> } {
    if (this.#waiting.size >= REPLIES_MAX) throw new BusOutage("overloaded", subject);
    const token = String(this.#nextToken++);
    const answer = new Promise<Msg>((resolve, reject) => {
      this.#waiting.set(token, { subject, untilMs: performance.now() + timeoutMs, resolve, reject });
    });
    this.#sweep ??= setInterval(() => this.#expire(performance.now()), SWEEP_MS);
    return { token, answer };
  }

  /** An answer whose wait has ended is dropped. */
  deliver(token: string, message: Msg): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    if (message.data.length === 0 && message.headers?.code === 503) {
      waiting.reject(new BusOutage("no_responders", waiting.subject));
    } else {
      waiting.resolve(message);
    }
  }

  /** The question was never sent. Its promise stays open; nobody may hold it. */
  cancel(token: string): void {
    this.#waiting.delete(token);
    this.#rest();
  }

  /** The connection went away: answers will not come, and what they would have said is unknown. */
  failAll(reason: OutageReason): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#rest();
    for (const waiting of all) waiting.reject(new BusOutage(reason, waiting.subject));
  }

  #expire(nowMs: number): void {
    for (const [token, waiting] of this.#waiting) {
      if (waiting.untilMs > nowMs) continue;
      this.#waiting.delete(token);
      waiting.reject(new BusOutage("timeout", waiting.subject));
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#waiting.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
