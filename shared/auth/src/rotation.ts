/**
 * What a refresh token that comes back means.
 *
 *   current token ───────────────────────────── rotate: the successor becomes current
 *   the one before it, within `graceMs` ─────── repeat: the same successor once more (two tabs, a lost answer)
 *   the one before it, later; anything older ── reused: somebody has a copy, the family ends
 *   session ended for reuse ─────────────────── reused, again and for all its tokens
 *   session ended otherwise, expired, unknown ─ refused
 */
export type Rotation = "rotate" | "repeat" | "reused" | "refused";

/** A session as seen from one of its tokens. */
export interface TokenFamily {
  readonly generation: number;
  /** Of the token that came. */
  readonly tokenGeneration: number;
  /** When the current generation began. */
  readonly refreshedMs: number;
  readonly expiresMs: number;
  readonly endReason: string | null;
}

export const graceMs = 10_000;

export function decideRotation(family: TokenFamily | null, nowMs: number): Rotation {
  if (family === null) return "refused";
  if (family.endReason === "refresh_reused") return "reused";
  if (family.endReason !== null || family.expiresMs <= nowMs) return "refused";
  const age = family.generation - family.tokenGeneration;
  if (age === 0) return "rotate";
  return age === 1 && nowMs - family.refreshedMs <= graceMs ? "repeat" : "reused";
}
