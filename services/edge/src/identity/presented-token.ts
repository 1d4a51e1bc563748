import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { EdgeEnv } from "../http/context.ts";
import { RequestFault } from "../http/problem.ts";
import { refusalOf, text } from "../http/validation.ts";
import type { RefreshCookie } from "./refresh-cookie.ts";

/** A refresh token and the way it came, by which its successor goes back. */
export interface PresentedToken {
  readonly token: string;
  readonly from: "body" | "cookie";
}

export const presentedSchema = z.object({ refreshToken: text({ bytesMin: 1, bytesMax: 256 }).optional() });

/**
 * The refresh token of a request: of its body, else of the cookie. A body may be absent or empty whatever the
 * content type says, for that is how browsers post with nothing to say.
 *
 * @throws RequestFault `invalid` for a body that is there and wrong.
 */
export async function readPresentedToken(
  c: Context<EdgeEnv>,
  cookie: RefreshCookie,
): Promise<PresentedToken | null> {
  const body = await c.req.text();
  const parsed = presentedSchema.safeParse(body.trim() === "" ? {} : parseJson(body));
  if (!parsed.success) throw refusalOf(parsed.error, "json");
  const { refreshToken } = parsed.data;
  if (refreshToken !== undefined) return { token: refreshToken, from: "body" };
  const token = cookie.read(c);
  return token === undefined || token === "" ? null : { token, from: "cookie" };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new RequestFault("invalid", "the body is not JSON", [{ path: "", message: "is not JSON" }]);
  }
}
