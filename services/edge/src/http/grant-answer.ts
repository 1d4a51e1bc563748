import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Grant, Origin } from "../identity/grant.ts";
import type { RefreshCookie } from "../identity/refresh-cookie.ts";
import { userSchema, viewSelf } from "../identity/user-view.ts";
import type { EdgeEnv } from "./context.ts";
import { json } from "./schema.ts";
import { text } from "./validation.ts";

/** What a login answers, whatever proved it. */
const grantSchema = z
  .object({
    user: userSchema,
    accessToken: z.string(),
    tokenType: z.literal("Bearer"),
    expiresIn: z.int().describe("Seconds"),
    refreshToken: z.string().optional().describe("Only when asked for; else a cookie holds it"),
  })
  .openapi("Grant");

/** As a route declares it. */
export function grantAnswer(description: string) {
  const cookie = "`refreshToken`, HttpOnly, SameSite=Strict, Path=/v1/auth; not with `?refresh=body`";
  const headers = { "Set-Cookie": { description: cookie, schema: { type: "string" as const } } };
  return { ...json(grantSchema, description), headers };
}

/** How the refresh token goes back: by cookie, or in the answer for clients that are no browsers. */
export const grantQuery = z.object({ refresh: z.literal("body").optional() });
export type GrantWay = "body" | "cookie";

/** What a client may call itself when it logs in, for the list of sessions. */
export const deviceSchema = text({ bytesMax: 64, bytesMin: 1 }).nullish();

/** Writes the refresh token the way it is wanted. @returns the body of the answer. */
export function answerGrant(
  c: Context<EdgeEnv>,
  grant: Grant,
  way: { readonly kind: GrantWay; readonly cookie: RefreshCookie },
): z.output<typeof grantSchema> {
  c.header("cache-control", "no-store");
  if (way.kind === "cookie") way.cookie.write(c, grant.refreshToken);
  return {
    user: viewSelf(grant.user),
    accessToken: grant.accessToken,
    tokenType: "Bearer",
    expiresIn: grant.expiresSec,
    ...(way.kind === "body" ? { refreshToken: grant.refreshToken } : {}),
  };
}

export function originOf(c: Context<EdgeEnv>, device: string | null = null): Origin {
  const userAgent = c.req.header("user-agent")?.slice(0, 256).toWellFormed() ?? null;
  return { userAgent, address: c.env.clientAddress, device, requestId: c.get("requestId") };
}
