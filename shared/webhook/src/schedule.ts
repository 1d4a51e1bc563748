/**
 * When a delivery is tried: after what waits, how often. A schedule is the list of waits before each attempt; the last
 * attempt's failure ends it (dead letter).
 */

/** What an endpoint may say, as it says it over REST and as its row holds it. */
export interface RetrySetting {
  /** A list is of waits in milliseconds. */
  readonly schedule: "default" | "standard" | readonly number[];
  /** Of `default` only: how often a delivery is tried. */
  readonly attempts?: number;
}

export interface Schedule {
  /** Before the first attempt, the second, … */
  readonly waitsMs: readonly number[];
  /** How far a wait may be from what the list says, as a share of it: down and up. */
  readonly jitter: { readonly down: number; readonly up: number };
}

const s = 1_000;
const minute = 60 * s;
const hour = 60 * minute;

const attemptsDefault = 5;
const stepMaxMs = 30 * minute;

/** Attempts one list may have. */
export const attemptsMax = 50;
/** One wait of a list. */
export const waitMsMax = 48 * hour;

/** 1 s doubled, to half an hour. Both ways, so that what failed together does not come back together. */
const doubling = (attempts: number): Schedule => ({
  waitsMs: Array.from({ length: attempts }, (_, at) =>
    at === 0 ? 0 : Math.min(stepMaxMs, s * 2 ** (at - 1)),
  ),
  jitter: { down: 0.2, up: 0.2 },
});
const ordinary = doubling(attemptsDefault);
/** Never early: somebody counts on these times. */
const listJitter = { down: 0, up: 0.05 } as const;
/** Of Standard Webhooks: 75.6 hours. */
const standard: Schedule = {
  waitsMs: [
    0,
    5 * s,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    14 * hour,
    20 * hour,
    24 * hour,
  ],
  jitter: listJitter,
};

/** Null: `default`. A list that does not begin with 0 is of the waits after the first attempt, which is made at once. */
export function scheduleOf(setting: RetrySetting | null): Schedule {
  const { schedule = "default", attempts } = setting ?? {};
  if (schedule === "default") return attempts === undefined ? ordinary : doubling(attempts);
  if (schedule === "standard") return standard;
  return { waitsMs: schedule[0] === 0 ? schedule : [0, ...schedule], jitter: listJitter };
}

/**
 * How long to wait after the failure of attempt number `attempts`; null: that was the last one.
 *
 * @param random from 0 to 1, of which the jitter is made
 * @param retryAfterMs what the receiver asked for: it gets the wait of the schedule at least, and twice that at most, so that
 *   nobody can put us off for ever.
 */
export function waitAfter(
  { waitsMs, jitter }: Schedule,
  attempts: number,
  random: number,
  retryAfterMs: number | null = null,
): number | null {
  const stepMs = waitsMs[attempts];
  if (stepMs === undefined) return null;
  const waitMs = Math.round(stepMs * (1 - jitter.down + random * (jitter.down + jitter.up)));
  return retryAfterMs === null ? waitMs : Math.max(waitMs, Math.min(retryAfterMs, 2 * stepMs));
}
