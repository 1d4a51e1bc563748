import { createRoute, z } from "@hono/zod-openapi";
import { Fault } from "@rookery/protocol";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { openNeeds } from "../needs.ts";
import { json, problem } from "../schema.ts";

const deviceSchema = z
  .object({
    connId: z.string(),
    device: z.string().nullable(),
    edge: z.string(),
    since: z.int().describe("Unix milliseconds"),
    status: z.enum(["online", "away"]),
    keyId: z.int().nullable().describe("The API key that opened it"),
  })
  .openapi("Device");

/** The sockets of the one that asks, as the mirror in Redis has them: at most a moment late. */
export function registerDeviceRoutes(app: EdgeApp, context: EdgeContext): void {
  const needs = openNeeds(context);
  const list = createRoute({
    method: "get",
    path: "/v1/users/me/devices",
    summary: "One's own open sockets",
    ...needs("users:read"),
    responses: {
      200: json(z.object({ items: z.array(deviceSchema) }), "The oldest first"),
      default: problem,
    },
  });
  app.openapi(list, async (c) => {
    const sockets = await context.socketsOf(c.get("principal").userId).catch((error: unknown) => {
      context.log.debug({ err: error }, "the sockets of a user could not be read");
      throw new Fault("unavailable", "who is connected cannot be read now", { retryMs: 1_000 });
    });
    const items = sockets.map(({ connId, device, edge, sinceMs: since, status, keyId }) => ({
      connId,
      device,
      edge,
      since,
      status,
      keyId,
    }));
    return c.json({ items }, 200);
  });
}
