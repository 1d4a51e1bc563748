import { Readable } from "node:stream";
import type { HttpResponse } from "uWebSockets.js";

/** Read and thrown away of what was refused, so that its sender still hears why. */
const drainBytesMax = 16 * 1_048_576;

/**
 * A body that is not kept in memory: bytes are asked of the connection only while somebody reads. Made synchronously in a uWS
 * handler; one that is longer than its bound ends with `tooLong()`.
 */
export class RequestBody extends Readable {
  readonly #res: HttpResponse;
  readonly #bytesMax: number;
  readonly #tooLong: () => Error;
  #isPaused = false;
  #isOver = false;
  #bytes = 0;
  #drained: (() => void) | undefined;

  constructor(res: HttpResponse, { bytesMax, tooLong }: { bytesMax: number; tooLong: () => Error }) {
    super({ highWaterMark: 256 * 1_024 });
    this.#res = res;
    this.#bytesMax = bytesMax;
    this.#tooLong = tooLong;
    res.onData((chunk, isLast) => this.#take(chunk, isLast));
    // Whoever destroys it knows why; nobody else listens.
    this.on("error", () => {});
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    this.#bytes += chunk.byteLength;
    if (isLast) {
      this.#isOver = true;
      // A connection that stays asleep would never be heard again.
      this.#resume();
    }
    if (!this.destroyed && this.#bytes > this.#bytesMax) this.destroy(this.#tooLong());
    if (!this.destroyed) {
      // uWS takes the chunk back when this returns.
      const isRoom = this.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) this.push(null);
      else if (!isRoom) this.#pause();
    }
    if (this.#isOver || this.#bytes > this.#bytesMax + drainBytesMax) this.#drained?.();
  }

  /** The client has gone: uWS is not to be touched any more. */
  abort(): void {
    this.#isOver = true;
    this.#isPaused = false;
    this.destroy(new Error("the client went away"));
    this.#drained?.();
  }

  /** Resolves when the rest was read and thrown away; false: there was too much of it. */
  async drain(): Promise<boolean> {
    this.destroy();
    if (this.#isOver) return true;
    const enough = this.#bytes + drainBytesMax;
    this.#resume();
    await new Promise<void>((resolve) => {
      this.#drained = () => {
        if (this.#isOver || this.#bytes > enough) resolve();
      };
    });
    return this.#isOver;
  }

  override _read(): void {
    this.#resume();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#res.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#res.resume();
  }
}
