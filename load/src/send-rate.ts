/** How quickly messages went. Pure. */

/** The most in any window of `windowMs` that begins with one of them; `atMs` in order. */
export function mostWithin(atMs: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (let last = 0; last < atMs.length; last++) {
    while ((atMs[last] as number) - (atMs[first] as number) >= windowMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
