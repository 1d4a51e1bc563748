import { createRoute, z } from "@hono/zod-openapi";
import { proveInitData, proveWidget } from "@rookery/auth";
import type { RefreshCookie } from "../../identity/refresh-cookie.ts";
import { logInByTelegram } from "../../identity/telegram-login.ts";
import type { EdgeApp, EdgeContext } from "../context.ts";
import { answerGrant, deviceSchema, grantAnswer, grantQuery, originOf } from "../grant-answer.ts";
import { identify } from "../identify.ts";
import { openNeeds } from "../needs.ts";
import { problem } from "../schema.ts";
import { text } from "../validation.ts";

/** Of the Login Widget numbers may come as text, when a page passes on what it was called with. */
const number = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);
const shown = text({ bytesMax: 1_024 }).nullish();
const common = {
  botUsername: text({ bytesMin: 1, bytesMax: 128 })
    .nullish()
    .describe("Whose signature it is; may be left out where there is only one Telegram bot"),
  device: deviceSchema,
};

const miniAppSchema = z.object({
  initData: text({ bytesMin: 1, bytesMax: 16_384 }).describe("As `Telegram.WebApp.initData` gives it"),
  ...common,
});
const widgetSchema = z.object({
  id: number,
  first_name: shown,
  last_name: shown,
  username: shown,
  photo_url: shown,
  auth_date: number,
  hash: text({ bytesMin: 1, bytesMax: 128 }),
  ...common,
});

/** Login by what Telegram signs for those who come from it: a Mini App's data, or the Login Widget's. */
export function registerTelegramLoginRoutes(app: EdgeApp, context: EdgeContext, cookie: RefreshCookie): void {
  const login = createRoute({
    method: "post",
    path: "/v1/auth/telegram",
    summary: "Opens a session by Telegram; links the Telegram account when an access token is sent too",
    ...openNeeds(context)("public"),
    security: [{}, { bearer: [] }],
    request: {
      query: grantQuery,
      body: {
        required: true,
        content: { "application/json": { schema: z.union([miniAppSchema, widgetSchema]) } },
      },
    },
    responses: {
      200: grantAnswer("Logged in"),
      401: problem,
      403: problem,
      404: problem,
      409: problem,
      default: problem,
    },
  });
  app.openapi(login, async (c) => {
    const shownProof = c.req.valid("json");
    const identity = await identify(context, c);
    // Who wants to link and is not known by now would get another account without a word.
    if (identity.kind === "refused") throw identity.fault;
    const linkTo =
      identity.kind === "proved" && identity.principal.sessionId !== null ? identity.principal.userId : null;
    const { botUsername = null, device = null } = shownProof;
    const grant = await logInByTelegram(
      context,
      {
        botUsername,
        prove: (token, nowMs) =>
          "initData" in shownProof
            ? proveInitData(shownProof.initData, token, nowMs)
            : proveWidget(shownProof, token, nowMs),
        linkTo,
      },
      originOf(c, device),
    );
    const kind = c.req.valid("query").refresh ?? "cookie";
    return c.json(answerGrant(c, grant, { kind, cookie }), 200);
  });
}
