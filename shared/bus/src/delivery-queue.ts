import type { Delivery } from "./delivery.ts";

/** What waits for a reader's owner: messages, and the server's questions whether it may send more. */
export type Queued =
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "flow"; readonly reply: string };

/** Bytes of bodies a paused reader holds; beyond it, it gives its consumer up and reads again from there later. */
export const QUEUE_BYTES_MAX = 4 * 1024 * 1024;

/** First in, first out, without moving what is inside. */
export class DeliveryQueue {
  #items: Queued[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#bytes > QUEUE_BYTES_MAX;
  }

  push(item: Queued): void {
    this.#items.push(item);
    if (item.kind === "delivery") this.#bytes += item.delivery.bytes.length;
  }

  shift(): Queued | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    if (item.kind === "delivery") this.#bytes -= item.delivery.bytes.length;
    // Half of it handed out: let go of that half, so that each item is moved at most once on average.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}
