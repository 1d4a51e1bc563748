import { createHash } from "node:crypto";
import type { Principal } from "./principal.ts";

/** A proof is looked at again after so long, whatever its token says. */
const freshMsMax = 60_000;

/**
 * Tokens whose signature was found good a moment ago, so that it is not computed for every request.
 *
 * What is remembered is what `verify` alone decides: signature, names and times. Whether a session has ended since is
 * asked after it and every time, so that nothing here outlives a revocation. Bad tokens are not remembered: anybody
 * can make up any number of them.
 */
export interface VerifiedTokens {
  /** Undefined: not known, or no longer. */
  find(token: string, nowMs: number): Principal | undefined;
  keep(token: string, principal: Principal, nowMs: number): void;
}

interface Entry {
  readonly principal: Principal;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** @param entriesMax beyond it the one kept longest is forgotten; 0 keeps none */
export function openVerifiedTokens(entriesMax: number): VerifiedTokens {
  const entries = new Map<string, Entry>();
  return {
    find(token, nowMs) {
      if (entries.size === 0) return undefined;
      const name = digest(token);
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      // A clock that went back may have been wrong when the token was found good.
      if (nowMs >= entry.sinceMs && nowMs < entry.untilMs) return entry.principal;
      entries.delete(name);
      return undefined;
    },
    keep(token, principal, nowMs) {
      const untilMs = Math.min(principal.expiresMs, nowMs + freshMsMax);
      if (untilMs <= nowMs || entriesMax === 0) return;
      const name = digest(token);
      entries.delete(name);
      entries.set(name, { principal, sinceMs: nowMs, untilMs });
      const [oldest] = entries.keys();
      if (entries.size > entriesMax && oldest !== undefined) entries.delete(oldest);
    },
  };
}

/** So that no token lies about in memory, and every name is of one length. */
function digest(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
