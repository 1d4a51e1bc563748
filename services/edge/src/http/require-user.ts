import type { Tokens } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import type { MiddlewareHandler } from "hono";
import type { EdgeEnv } from "./context.ts";

const bearer = /^Bearer +([\w.~+/-]+=*)$/i;

/**
 * Lets a request pass that proves its user with an access token, and leaves the `principal` behind.
 * @throws Fault `unauthorized`, in words that tell an expired token (refresh) from a bad one (log in).
 */
export function requireUser(context: {
  readonly tokens: Tokens;
  readonly now: () => number;
}): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const header = c.req.header("authorization");
    if (header === undefined) throw new Fault("unauthorized", "an access token is needed");
    const token = bearer.exec(header)?.[1];
    if (token === undefined)
      throw new Fault("unauthorized", "the Authorization header is not a bearer token");
    const verdict = await context.tokens.verify(token, context.now());
    if (verdict.kind === "expired") throw new Fault("unauthorized", "the access token has expired");
    if (verdict.kind === "bad") throw new Fault("unauthorized", "the access token is not valid");
    c.set("principal", verdict.principal);
    await next();
  };
}
