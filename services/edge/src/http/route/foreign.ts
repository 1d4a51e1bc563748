/** Routes that uWebSockets.js serves itself, beside Hono: told of here, for the document. */
import { z } from "@hono/zod-openapi";
import type { EdgeApp } from "../context.ts";
import { problem, security } from "../schema.ts";

const upgradeQuery = z.object({
  device: z.string().optional().describe("What the client calls itself, in the list of sessions"),
  resume: z
    .enum(["0", "1"])
    .optional()
    .describe("1: live frames wait for the first Sync, so that the highest seq is always right"),
  token: z.string().optional().describe("An access token, where no header can be sent"),
});
const upgradeHeaders = z.object({
  "Sec-WebSocket-Protocol": z
    .string()
    .optional()
    .describe("`rookery.v1.json` (default) or `rookery.v1.proto`; and `bearer.<token>`"),
});

export function describeForeignRoutes(app: EdgeApp): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/ws",
    summary: "Opens a WebSocket; its frames are in `frame.proto`",
    description:
      "The token, or API key, is taken from Sec-WebSocket-Protocol, Authorization, X-API-Key or `token`, in this order.",
    "x-needs": "messages:read",
    security: [...security, {}],
    request: { query: upgradeQuery, headers: upgradeHeaders },
    responses: {
      101: { description: "A socket" },
      401: problem,
      403: problem,
      // Asked without an upgrade.
      404: problem,
      429: problem,
      500: problem,
      503: problem,
    },
  });
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/telegram/webhook/{botUsername}",
    summary: "An update of Telegram for a bot of ours",
    description:
      "200 once it is stored, and for all that needs no repeat, whatever was sent: what is wrong is dropped.",
    "x-needs": "public",
    security: [{ telegramSecret: [] }],
    request: {
      params: z.object({ botUsername: z.string() }),
      body: {
        required: true,
        content: {
          "application/json": { schema: z.looseObject({ update_id: z.int() }).describe("Telegram's Update") },
        },
      },
    },
    responses: { 200: { description: "It need not come again" }, 413: problem, 503: problem },
  });
}
