import type { MiddlewareHandler } from "hono";
import type { EdgeEnv } from "./context.ts";

/** For whatever a browser might take an answer for: it is not guessed at, not shown in a frame, runs nothing. */
export const quietHeaders = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  // Answers are somebody's own: no browser or proxy keeps them, unless a route says otherwise.
  "cache-control": "no-store",
} as const;

/** Seconds for which a browser keeps to https once it has been there. */
const httpsSec = 31_536_000;

/** Headers of every answer; a route that sets one of them itself has its own. */
export function secureAnswers(config: { readonly publicUrl: string }): MiddlewareHandler<EdgeEnv> {
  const headers: [string, string][] = Object.entries(quietHeaders);
  // Over plain HTTP browsers ignore it; on a machine of one's own it would spoil the next thing on that name.
  if (config.publicUrl.startsWith("https:")) {
    headers.push(["strict-transport-security", `max-age=${httpsSec}`]);
  }
  return async (c, next) => {
    for (const [name, value] of headers) c.header(name, value);
    await next();
  };
}
