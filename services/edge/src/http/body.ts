import type { HttpResponse } from "uWebSockets.js";

/** What is read and thrown away of a body that is too large, so that its sender still hears the answer. */
const drainBytesMax = 16 * 1_048_576;

/**
 * Reads a request body of at most `bytesMax` bytes; a longer one is null, and no more than the bound is kept.
 *
 * Called synchronously from a route handler, beside `onAborted`. `done` is called once, or never when the
 * client goes away. It may run inside this call's stack or any later tick.
 */
export function readBody(
  res: HttpResponse,
  bytesMax: number,
  done: (body: Buffer<ArrayBuffer> | null) => void,
): void {
  let chunks: Buffer<ArrayBuffer>[] = [];
  let bytes = 0;
  let told = false;
  res.onData((chunk, isLast) => {
    if (told) return;
    bytes += chunk.byteLength;
    // uWS takes the chunk's memory back when this callback returns, so what is kept is copied.
    if (bytes <= bytesMax) chunks.push(Buffer.from(new Uint8Array(chunk)));
    else chunks = [];
    if (!isLast && bytes <= drainBytesMax) return;
    told = true;
    const [first] = chunks;
    if (bytes > bytesMax) done(null);
    else done(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks, bytes));
  });
}
