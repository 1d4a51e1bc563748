import type { Claim, Limit } from "@rookery/cache";
import type { Principal } from "@rookery/auth";
import { type Env, readInteger } from "@rookery/runtime";
import { addressKey } from "./http/client-address.ts";

/** The limits of the door. A setting of 0 takes one away: null. */
export interface RateLimits {
  readonly global: Limit | null;
  readonly address: Limit | null;
  readonly user: Limit | null;
  /** Sockets a user opens (A8). */
  readonly socket: Limit | null;
  /** Register and login together, of an address (CONTRACT §2). */
  readonly authAddress: Limit | null;
  readonly login: Limit | null;
  readonly register: Limit | null;
  /** Calls of one bot of ours (Bot API surface). */
  readonly bot: Limit | null;
}

const rateMax = 1_000_000;

/** @throws ConfigError naming the variable. */
export function readRateLimits(env: Env): RateLimits {
  const login = readRate(env, "RATE_LIMIT_LOGIN_PER_MINUTE", 5);
  return {
    global: perSecond("global", readRate(env, "RATE_LIMIT_GLOBAL_PER_SECOND", 10_000)),
    // Many people may share one, behind their office's router.
    address: perSecond("address", readRate(env, "RATE_LIMIT_ADDRESS_PER_SECOND", 1_000)),
    user: perSecond("user", readRate(env, "RATE_LIMIT_USER_PER_SECOND", 100)),
    socket: perMinute("socket", readRate(env, "RATE_LIMIT_SOCKETS_PER_MINUTE", 20), "open"),
    // `local`: guessing goes on being limited while Redis is away.
    authAddress: perMinute("auth-address", readRate(env, "RATE_LIMIT_AUTH_PER_MINUTE", 60), "local"),
    login: perMinute("login-account", login, "local"),
    register: perMinute("register-account", login, "local"),
    bot: perSecond("bot", readRate(env, "RATE_LIMIT_BOT_PER_SECOND", 100)),
  };
}

/** What every request costs: of all, of its address, of its user, and of its key where that has a limit of its own. */
export function requestClaims(limits: RateLimits, address: string, principal: Principal | null): Claim[] {
  const claims = claimsOf([limits.global, "all"], [limits.address, addressKey(address)]);
  if (principal === null) return claims;
  const { userId, keyId, rateLimit } = principal;
  const key = keyId === null || rateLimit === null ? null : perMinute("key", rateLimit, "open");
  return [...claims, ...claimsOf([limits.user, String(userId)], [key, String(keyId)])];
}

/** Leaves out the limits that are taken away. */
export function claimsOf(...pairs: readonly (readonly [Limit | null, string])[]): Claim[] {
  return pairs.flatMap(([limit, key]) => (limit === null ? [] : [{ limit, key }]));
}

function readRate(env: Env, name: string, fallback: number): number {
  return readInteger(env, name, { fallback, min: 0, max: rateMax });
}

function perSecond(name: string, rate: number): Limit | null {
  return rate === 0 ? null : { name, perMinute: rate * 60, burst: rate, whenAway: "open" };
}

function perMinute(name: string, rate: number, whenAway: Limit["whenAway"]): Limit | null {
  return rate === 0 ? null : { name, perMinute: rate, burst: rate, whenAway };
}
