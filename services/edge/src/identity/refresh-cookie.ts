import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";
import { sessionLifeMs } from "./grant.ts";

const name = "refreshToken";

/** The refresh token as a browser holds it: out of reach of scripts, sent to `/v1/auth` only and by our own site only. */
export interface RefreshCookie {
  read(c: Context<EdgeEnv>): string | undefined;
  write(c: Context<EdgeEnv>, token: string): void;
  clear(c: Context<EdgeEnv>): void;
}

export function openRefreshCookie({ publicUrl }: EdgeContext["config"]): RefreshCookie {
  const options = {
    httpOnly: true,
    sameSite: "Strict",
    path: "/v1/auth",
    // Browsers drop a Secure cookie that comes over plain HTTP.
    secure: publicUrl.startsWith("https:"),
  } as const;
  return {
    read: (c) => getCookie(c, name),
    write: (c, token) => setCookie(c, name, token, { ...options, maxAge: sessionLifeMs / 1000 }),
    clear: (c) => setCookie(c, name, "", { ...options, maxAge: 0 }),
  };
}
