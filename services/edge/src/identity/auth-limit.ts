import { createHash } from "node:crypto";
import type { Limit } from "@rookery/cache";
import { Fault, type UserId } from "@rookery/protocol";
import { accountKey, type Login } from "@rookery/store";
import type { Context } from "hono";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";

/** Register and login together (CONTRACT §2). `local`: guessing goes on being limited while Redis is away. */
const perAddress: Limit = { name: "auth-address", perMinute: 60, burst: 60, whenAway: "local" };
const perLogin: Limit = { name: "login-account", perMinute: 5, burst: 5, whenAway: "local" };
const perRegistration: Limit = { name: "register-account", perMinute: 5, burst: 5, whenAway: "local" };

/**
 * Takes one request of the caller's address from the limits, and tells in `RateLimit-*` what is left.
 * @throws Fault `rate_limited`.
 */
export function limitAddress(context: EdgeContext, c: Context<EdgeEnv>): Promise<void> {
  return take(context, c, perAddress, addressKey(c.env.clientAddress));
}

/** One registration under an email address. @throws Fault `rate_limited`. */
export function limitRegistration(context: EdgeContext, c: Context<EdgeEnv>, email: string): Promise<void> {
  return take(context, c, perRegistration, nameKey(email));
}

/**
 * One guess at an account's password. An account has one budget however it is named; a name that is nobody's has
 * one of its own, so that the limit does not tell which names exist.
 * @throws Fault `rate_limited`.
 */
export function limitLogin(
  context: EdgeContext,
  c: Context<EdgeEnv>,
  login: Exclude<Login, { kind: "id" }>,
  userId: UserId | undefined,
): Promise<void> {
  const name = login.kind === "email" ? login.email : login.username;
  return take(
    context,
    c,
    perLogin,
    userId === undefined ? nameKey(`${login.kind} ${name}`) : `user-${userId}`,
  );
}

/** A guess of somebody who is logged in already; from the budget of logins. @throws Fault `rate_limited`. */
export function limitPassword(context: EdgeContext, c: Context<EdgeEnv>, userId: UserId): Promise<void> {
  return take(context, c, perLogin, `user-${userId}`);
}

async function take(context: EdgeContext, c: Context<EdgeEnv>, limit: Limit, key: string): Promise<void> {
  const { allowed, remaining, resetMs, retryMs } = await context.limits.take(limit, key);
  c.header("RateLimit-Limit", String(limit.burst));
  c.header("RateLimit-Remaining", String(remaining));
  c.header("RateLimit-Reset", String(Math.ceil(resetMs / 1000)));
  if (!allowed) throw new Fault("rate_limited", "too many attempts; wait a little", { retryMs });
}

/** Names are people's; the cache holds their digests only, of one length whatever is sent. */
function nameKey(name: string): string {
  return createHash("sha256").update(accountKey(name)).digest("base64url");
}

/** IPv6 by its /64, for one household holds that many addresses. uWS writes addresses in full, eight groups. */
export function addressKey(address: string): string {
  const groups = address.split(":");
  const mapped = address.startsWith("0000:0000:0000:0000:0000:ffff:");
  return groups.length === 8 && !mapped ? groups.slice(0, 4).join(":") : address;
}
