/** Resolves after so many milliseconds, or at once when the signal ends the waiting. Never rejects. */
export async function pause(pauseMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true || pauseMs <= 0) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, pauseMs);
    signal?.addEventListener("abort", done, { once: true });
  });
}
