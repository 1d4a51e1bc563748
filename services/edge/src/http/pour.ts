import type { Readable } from "node:stream";
import type { HttpResponse } from "uWebSockets.js";

/** As fast as the client reads, a chunk at a time in memory. */
export async function pour(
  source: Readable,
  {
    res,
    isGone,
    signal,
    length,
  }: {
    readonly res: HttpResponse;
    readonly isGone: () => boolean;
    /** Aborted when nobody listens any more. */
    readonly signal: AbortSignal;
    readonly length: number;
  },
): Promise<void> {
  let wake: (() => void) | undefined;
  const leave = (): void => {
    source.destroy();
    wake?.();
  };
  signal.addEventListener("abort", leave, { once: true });
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (isGone()) return;
      const bytes = new Uint8Array(chunk).buffer;
      const before = res.getWriteOffset();
      let isWritten = true;
      res.cork(() => {
        [isWritten] = res.tryEnd(bytes, length);
      });
      if (isWritten) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        res.onWritable((offset) => {
          [isWritten] = res.tryEnd(bytes.slice(offset - before), length);
          if (isWritten) resolve();
          return isWritten;
        });
      });
    }
  } catch {
    // What is cut on our side is cut on theirs: they see that it is short.
    if (!isGone()) res.close();
  } finally {
    signal.removeEventListener("abort", leave);
    source.destroy();
  }
}
