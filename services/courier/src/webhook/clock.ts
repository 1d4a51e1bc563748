/**
 * Time that goes on evenly, for waiting, beside the time of day, for what is stored: when the clock is set, nothing in memory comes
 * early or late, and what is written is right by the clock of then.
 */
export interface Clock {
  /** Never goes back, never jumps. */
  steadyMs(): number;
  /** Of day. */
  wallMs(): number;
}

export const systemClock: Clock = {
  steadyMs: () => performance.timeOrigin + performance.now(),
  wallMs: Date.now,
};

/** A stored time, on the steady clock. */
export function steadyOf(clock: Clock, wallMs: number): number {
  return wallMs + clock.steadyMs() - clock.wallMs();
}

/** A steady time, to be stored. */
export function wallOf(clock: Clock, steadyMs: number): number {
  return Math.round(steadyMs - clock.steadyMs() + clock.wallMs());
}
