import { Fault } from "@rookery/protocol";
import { sessionLifeMs } from "@rookery/store";
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";

const name = "refreshToken";

/** The refresh token as a browser holds it: out of reach of scripts, sent to `/v1/auth` only and by our own site only. */
export interface RefreshCookie {
  /**
   * What the browser sends by itself, so also when another page makes it ask.
   * @throws Fault `forbidden` when such a page did.
   */
  read(c: Context<EdgeEnv>): string | undefined;
  write(c: Context<EdgeEnv>, token: string): void;
  clear(c: Context<EdgeEnv>): void;
}

export function openRefreshCookie({
  config,
  allowsOrigin,
}: Pick<EdgeContext, "config" | "allowsOrigin">): RefreshCookie {
  const options = {
    httpOnly: true,
    sameSite: "Strict",
    path: "/v1/auth",
    // Browsers drop a Secure cookie that comes over plain HTTP.
    secure: config.publicUrl.startsWith("https:"),
  } as const;
  return {
    read: (c) => {
      const token = getCookie(c, name);
      const origin = c.req.header("origin") ?? "";
      // SameSite=Strict keeps foreign sites out; this also those of our own site that are not ours (CSRF).
      if (token !== undefined && !allowsOrigin(origin)) {
        throw new Fault("forbidden", "pages of that origin may not use the refresh cookie");
      }
      return token;
    },
    write: (c, token) => setCookie(c, name, token, { ...options, maxAge: sessionLifeMs / 1000 }),
    clear: (c) => setCookie(c, name, "", { ...options, maxAge: 0 }),
  };
}
