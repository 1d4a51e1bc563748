/** Randomness from a seed: the same seed, the same choices. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number with 0 <= n < `below`. */
  below(below: number): number;
  /** Whole, both ends included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  /** True once in `times`. */
  once(times: number): boolean;
  /** @throws when there is nothing to pick from. */
  pick<T>(items: readonly T[]): T;
  /** By weight; weights are above 0. */
  weigh<T extends { readonly weight: number }>(items: readonly T[]): T;
}

/** The seeds of every run, and one that is new each time; a test names its seed when it fails. */
export const seeds: readonly number[] = [1, 7, 42, 1_234_567, Math.floor(Math.random() * 0xffff_ffff)];

/** Mulberry32: 32 bits of state, good enough to choose by. */
export function openRandom(seed: number): Random {
  let state = seed >>> 0;
  const bits = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = (): number => bits() / 0x1_0000_0000;
  const below = (max: number): number => bits() % max;
  return {
    next,
    below,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => next() < probability,
    once: (times) => below(times) === 0,
    pick(items) {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error("there is nothing to pick from");
      return item;
    },
    weigh(items) {
      let point = next() * items.reduce((sum, item) => sum + item.weight, 0);
      for (const item of items) {
        point -= item.weight;
        if (point < 0) return item;
      }
      const last = items.at(-1);
      if (last === undefined) throw new Error("there is nothing to pick from");
      return last;
    },
  };
}
