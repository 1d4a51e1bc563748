/** Seeded randomness: the same seed, the same numbers. */
export interface Random {
  /** A whole number with 0 <= n < `below`. */
  below(below: number): number;
  /** True once in `times`. */
  once(times: number): boolean;
}

/** The seeds of every run, and one that is new each time; a test names its seed when it fails. */
export const seeds = [1, 7, 42, 1_234_567, Math.floor(Math.random() * 0xffff_ffff)];

/** Mulberry32. */
export function openRandom(seed: number): Random {
  let state = seed >>> 0;
  const below = (max: number): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % max;
  };
  return { below, once: (times) => below(times) === 0 };
}
