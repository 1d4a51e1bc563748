import { OpenAPIHono } from "@hono/zod-openapi";
import { Fault, type FaultCode } from "@rookery/protocol";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { EdgeApp, EdgeContext, EdgeEnv } from "./context.ts";
import { answerOrigins } from "./cors.ts";
import { loggedPath } from "./logged-path.ts";
import { problemHeaders, problemOf, RequestFault } from "./problem.ts";
import { limitRequests } from "./request-limit.ts";
import { requestIdOf } from "./request-id.ts";
import { registerAclRoutes } from "./route/acl.ts";
import { registerApiKeyRoutes } from "./route/api-key.ts";
import { registerAuthRoutes } from "./route/auth.ts";
import { registerBotRoutes } from "./route/bot.ts";
import { registerBotNoticeRoutes } from "./route/bot-notice.ts";
import { registerBotProgramRoutes } from "./route/bot-program.ts";
import { registerBotUsageRoutes } from "./route/bot-usage.ts";
import { registerBroadcastRoutes } from "./route/broadcast.ts";
import { registerChatRoutes } from "./route/chat.ts";
import { registerDeviceRoutes } from "./route/device.ts";
import { registerDialogRoutes } from "./route/dialog.ts";
import { registerDocumentRoutes } from "./route/document.ts";
import { registerFileRoutes } from "./route/file.ts";
import { describeForeignRoutes } from "./route/foreign.ts";
import { registerHealthRoutes } from "./route/health.ts";
import { registerIntrospectionRoutes } from "./route/introspection.ts";
import { registerKeyRoutes } from "./route/key.ts";
import { registerLinkRoutes } from "./route/link.ts";
import { registerMemberRoutes } from "./route/member.ts";
import { registerMessageRoutes } from "./route/message.ts";
import { registerNativeBotRoutes } from "./route/native-bot.ts";
import { registerReactionRoutes } from "./route/reaction.ts";
import { registerReceiptRoutes } from "./route/receipt.ts";
import { registerUserRoutes } from "./route/user.ts";
import { registerWebhookRoutes } from "./route/webhook.ts";
import { registerDeliveryRoutes } from "./route/webhook-delivery.ts";
import { secureAnswers } from "./security-headers.ts";
import { refusalOf } from "./validation.ts";

/**
 * The REST surface (CONTRACT §2). Whatever goes wrong is answered with a problem document; what is thrown and is
 * no fault is a bug, logged with its cause and told as `internal`.
 */
export function createApp(context: EdgeContext): EdgeApp {
  const app = new OpenAPIHono<EdgeEnv>({
    defaultHook: (result) => {
      if (!result.success) throw refusalOf(result.error, result.target);
    },
  });
  app.use(async (c, next) => {
    const requestId = requestIdOf(c.req.header("x-request-id"));
    c.set("requestId", requestId);
    c.header("x-request-id", requestId);
    await next();
  });
  app.use(secureAnswers(context.config));
  app.use(answerOrigins({ origins: context.config.corsOrigins }));
  app.use(limitRequests(context));
  app.notFound((c) => answerFault(c, new Fault("not_found", "there is no such route")));
  app.onError((error, c) => answerFault(c, faultOf(error, c, context)));

  registerHealthRoutes(app, context);
  registerKeyRoutes(app, context);
  registerAuthRoutes(app, context);
  registerIntrospectionRoutes(app, context);
  registerApiKeyRoutes(app, context);
  registerDeviceRoutes(app, context);
  registerUserRoutes(app, context);
  registerChatRoutes(app, context);
  registerMemberRoutes(app, context);
  registerLinkRoutes(app, context);
  registerAclRoutes(app, context);
  registerMessageRoutes(app, context);
  registerReactionRoutes(app, context);
  registerReceiptRoutes(app, context);
  registerBotRoutes(app, context);
  registerNativeBotRoutes(app, context);
  registerDialogRoutes(app, context);
  registerBotProgramRoutes(app, context);
  registerBotUsageRoutes(app, context);
  registerBotNoticeRoutes(app, context);
  registerBroadcastRoutes(app, context);
  registerWebhookRoutes(app, context);
  registerDeliveryRoutes(app, context);
  registerFileRoutes(app, context);
  describeForeignRoutes(app);
  registerDocumentRoutes(app, context);
  return app;
}

function answerFault(c: Context<EdgeEnv>, fault: Fault): Response {
  const problem = problemOf(fault, c.get("requestId"));
  return c.body(JSON.stringify(problem), problem.status, problemHeaders(fault));
}

function faultOf(error: Error, c: Context<EdgeEnv>, context: EdgeContext): Fault {
  if (error instanceof HTTPException) return httpFault(error);
  const { method, path } = c.req;
  const about = { requestId: c.get("requestId"), method, path: loggedPath(path) };
  return context.faultOf(error, "a request met a bug", about);
}

/** What the validators of Hono throw by themselves: a body that is not JSON, or does not say that it is. */
function httpFault(error: HTTPException): Fault {
  if (error.status === 415) {
    const message = "the content-type must be application/json";
    return new RequestFault("invalid", message, [{ path: "", message }]);
  }
  if (error.status === 400) {
    return new RequestFault("invalid", "the body is not JSON", [{ path: "", message: "is not JSON" }]);
  }
  const codes: Readonly<Record<number, FaultCode>> = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
  };
  return new Fault(codes[error.status] ?? "internal");
}
