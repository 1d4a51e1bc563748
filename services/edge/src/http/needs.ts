import type { Permission } from "@rookery/auth";
import { Fault } from "@rookery/protocol";
import type { Context, MiddlewareHandler } from "hono";
import type { EdgeContext, EdgeEnv } from "./context.ts";
import { identify } from "./identify.ts";
import { security, sessionSecurity } from "./schema.ts";

/**
 * What a route asks of its caller: nothing; to be anybody; to be a person who logged in (no API key); or a permission,
 * which the caller's role must give and, when a key asks, the key's scopes must cover.
 */
export type Need = "public" | "user" | "session" | Permission;

/** Judges a request before its handler, and says what it judges by. */
export interface Guard extends MiddlewareHandler<EdgeEnv> {
  readonly need: Need;
}

/** What a route is declared with: `createRoute({ ...needs("chats:read"), … })`. */
export interface Declaration {
  readonly middleware: Guard;
  /** As the document tells it. */
  readonly "x-needs": Need;
  readonly security: { [scheme: string]: string[] }[];
}

export type Needs = (
  need: Need,
  /** Of a route that may end the session it is asked by: whether this is that request once more. It is answered 204. */
  isRepeat?: (c: Context<EdgeEnv>) => Promise<boolean>,
) => Declaration;

/**
 * The one way a route comes to be allowed: every route declares what it needs, and a test fails for one that does not.
 * Who asks is left behind as `principal`, except on public routes.
 */
export function openNeeds(context: Pick<EdgeContext, "authentication" | "access">): Needs {
  return (need, isRepeat) => {
    const judge: MiddlewareHandler<EdgeEnv> = async (c, next) => {
      if (need !== "public") {
        const identity = await identify(context, c);
        if (identity.kind === "nobody")
          throw new Fault("unauthorized", "an access token or API key is needed");
        if (identity.kind === "refused") {
          if ((await isRepeat?.(c)) === true) return c.body(null, 204);
          throw identity.fault;
        }
        const { principal } = identity;
        c.set("principal", principal);
        if (need === "session" && principal.sessionId === null) {
          throw new Fault("forbidden", "this is for people who logged in, not for API keys");
        }
        if (need !== "user" && need !== "session") await context.access.demand(principal, need);
      }
      await next();
      return undefined;
    };
    return {
      middleware: Object.assign(judge, { need }),
      "x-needs": need,
      security: need === "public" ? [] : need === "session" ? sessionSecurity : security,
    };
  };
}
