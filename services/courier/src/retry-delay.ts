const firstMs = 1_000;
const lastMs = 600_000;

/** Before the next attempt after `attempts` failed ones: 1 s doubled to 10 min, less up to a half by `random` (0–1). */
export function retryDelayMs(attempts: number, random: number): number {
  const full = Math.min(lastMs, firstMs * 2 ** Math.min(attempts, 30));
  return Math.round(full * (1 - random / 2));
}
