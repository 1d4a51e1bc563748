import type { MiddlewareHandler } from "hono";
import type { EdgeEnv } from "./context.ts";

/** What pages of other origins may do here (Fetch standard, "CORS protocol"). */
export interface CorsRule {
  /** Origins whose pages may ask, cookie included; `*`: those of any, without it. */
  readonly origins: readonly string[];
}

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
const requestHeaders = "Authorization, Content-Type, Idempotency-Key, X-API-Key, X-Request-Id";
const answerHeaders = [
  "X-Request-Id",
  "RateLimit",
  "RateLimit-Policy",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
].join(", ");
/** Seconds for which a browser need not ask again; most allow no more than two hours. */
const preflightSec = 600;

/** The headers that let a page of `origin` read an answer; none for a page that may not. */
export function corsHeaders(
  { origins }: CorsRule,
  origin: string | undefined,
): Readonly<Record<string, string>> {
  if (origins.length === 0) return {};
  // An answer kept for one origin must not be given to another.
  const vary = { vary: "Origin" };
  if (origin === undefined) return vary;
  if (origins.includes(origin)) {
    return { ...vary, "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
  }
  return origins.includes("*") ? { ...vary, "access-control-allow-origin": "*" } : vary;
}

/** Answers preflights, before limits and routes, and tells browsers which pages may read the rest. */
export function answerOrigins(rule: CorsRule): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const headers = corsHeaders(rule, c.req.header("origin"));
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    const isAllowed = "access-control-allow-origin" in headers;
    const isPreflight =
      c.req.method === "OPTIONS" &&
      c.req.header("origin") !== undefined &&
      c.req.header("access-control-request-method") !== undefined;
    if (isPreflight) {
      if (!isAllowed) return c.body(null, 204);
      return c.body(null, 204, {
        "access-control-allow-methods": methods,
        "access-control-allow-headers": requestHeaders,
        "access-control-max-age": String(preflightSec),
      });
    }
    if (isAllowed) c.header("access-control-expose-headers", answerHeaders);
    await next();
    return undefined;
  };
}
