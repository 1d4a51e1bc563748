import { setTimeout as sleep } from "node:timers/promises";

export interface UntilOptions {
  readonly withinMs: number;
  /** Named in the error. */
  readonly what?: string;
  /** For a condition that is dear to ask; 20 if not given. */
  readonly everyMs?: number;
}

const pollMs = 20;

/**
 * Waits for a condition: asks it again and again until it answers something truthy, and returns that.
 *
 * @throws Error when it does not within `withinMs`; with the condition's own error, if that is how it last ended.
 */
export async function until<T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<T> {
  const endMs = performance.now() + options.withinMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > endMs) {
      const what = options.what ?? condition.toString().replaceAll(/\s+/g, " ").slice(0, 200);
      throw new Error(`not within ${options.withinMs} ms: ${what}`, { cause });
    }
    await sleep(options.everyMs ?? pollMs);
  }
}
