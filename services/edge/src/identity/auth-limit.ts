import { createHash } from "node:crypto";
import type { UserId } from "@rookery/protocol";
import { accountKey, type Login } from "@rookery/store";
import type { Context } from "hono";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";
import { takeClaims } from "../http/request-limit.ts";
import { claimsOf } from "../rate-limits.ts";

// The address was counted with the request; an account is known only once Postgres was asked, or the body read.

/** One registration under an email address. @throws Fault `rate_limited`. */
export function limitRegistration(context: EdgeContext, c: Context<EdgeEnv>, email: string): Promise<void> {
  return takeClaims(context, c, claimsOf([context.rateLimits.register, nameKey(email)]));
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
  const key = userId === undefined ? nameKey(`${login.kind} ${name}`) : `user-${userId}`;
  return takeClaims(context, c, claimsOf([context.rateLimits.login, key]));
}

/** A guess of somebody who is logged in already; from the budget of logins. @throws Fault `rate_limited`. */
export function limitPassword(context: EdgeContext, c: Context<EdgeEnv>, userId: UserId): Promise<void> {
  return takeClaims(context, c, claimsOf([context.rateLimits.login, `user-${userId}`]));
}

/** Names are people's; the cache holds their digests only, of one length whatever is sent. */
function nameKey(name: string): string {
  return createHash("sha256").update(accountKey(name)).digest("base64url");
}
