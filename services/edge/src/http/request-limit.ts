import type { Claim, Decision } from "@rookery/cache";
import { Fault } from "@rookery/protocol";
import type { Context, MiddlewareHandler } from "hono";
import { claimsOf, requestClaims } from "../rate-limits.ts";
import { addressKey } from "./client-address.ts";
import type { EdgeContext, EdgeEnv } from "./context.ts";
import { identify } from "./identify.ts";
import { limitHeaders } from "./limit-headers.ts";

/** Asked by supervisors and Prometheus, who must hear us when all others are too many. */
export const unlimited: ReadonlySet<string> = new Set(["/health/live", "/health/ready", "/metrics"]);
/** Where a stranger proves who they are, or becomes somebody. */
const doors = new Set(["/v1/auth/login", "/v1/auth/register", "/v1/auth/telegram"]);

/**
 * Limits requests before anything else is done for them: of all, of an address, of a user, of a key; one round trip.
 * What a socket sends is not counted, nor are Telegram's calls, which `callsMax` bounds.
 */
export function limitRequests(context: EdgeContext): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    if (!unlimited.has(c.req.path)) {
      const identity = await identify(context, c);
      const address = c.env.clientAddress;
      const claims = requestClaims(
        context.rateLimits,
        address,
        identity.kind === "proved" ? identity.principal : null,
      );
      const isDoor = c.req.method === "POST" && doors.has(c.req.path);
      if (isDoor) claims.push(...claimsOf([context.rateLimits.authAddress, addressKey(address)]));
      await takeClaims(context, c, claims);
    }
    await next();
  };
}

/** Takes `claims` for a request, and tells in its headers what is left. @throws Fault `rate_limited`. */
export async function takeClaims(
  { limits }: Pick<EdgeContext, "limits">,
  c: Context<EdgeEnv>,
  claims: readonly Claim[],
): Promise<void> {
  const decision = await limits.take(...claims);
  const counted = [...(c.get("counted") ?? []), ...decision.counted];
  c.set("counted", counted);
  for (const [name, value] of Object.entries(limitHeaders(counted))) c.header(name, value);
  if (!decision.allowed) throw refusalOf(decision);
}

export function refusalOf({ retryMs }: Decision): Fault {
  return new Fault("rate_limited", "too many requests; wait a little", { retryMs });
}
