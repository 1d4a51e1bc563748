const POLL_MS = 5;

/** Waits for a condition; the failure names it. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  msMax = 10_000,
): Promise<void> {
  const endMs = performance.now() + msMax;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${msMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
