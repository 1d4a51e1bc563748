import { openUpdateIntake } from "@rookery/gateway";
import { Fault, limits } from "@rookery/protocol";
import type { HttpRequest, HttpResponse, TemplatedApp } from "uWebSockets.js";
import { readBody } from "../http/body.ts";
import type { EdgeContext } from "../http/context.ts";
import { openInFlight } from "../http/in-flight.ts";
import { refusal, type Reply, writeReply } from "../http/reply.ts";
import { requestIdOf } from "../http/request-id.ts";

/** Calls in flight; beyond it Telegram is asked to come later. */
const callsMax = 2_000;
const retryMs = 1_000;

export interface TelegramWebhook {
  /** Resolves when no call is in flight. */
  idle(): Promise<void>;
}

/**
 * `POST /v1/telegram/webhook/:botUsername`, a route of uWS itself: validation of ours would only be in the way.
 *
 * 200 once a message is committed, and for all that is dropped, so that Telegram does not repeat it; 503 when it
 * has to come again.
 */
export function serveTelegramWebhook(app: TemplatedApp, context: EdgeContext): TelegramWebhook {
  const intake = openUpdateIntake({
    store: context.store,
    commands: context.commands,
    commandTimeoutMs: context.config.commandTimeoutMs,
    now: context.now,
    log: context.log,
    metrics: context.metrics,
  });
  const inFlight = openInFlight(callsMax);

  function handle(res: HttpResponse, req: HttpRequest): void {
    const botUsername = req.getParameter(0) ?? "";
    const secret = req.getHeader("x-telegram-bot-api-secret-token");
    const requestId = requestIdOf(req.getHeader("x-request-id"));
    let state: "reading" | "serving" | "aborted" = "reading";
    res.onAborted(() => {
      if (state === "reading") inFlight.leave();
      state = "aborted";
    });
    const answer = (reply: Reply): void => {
      if (state !== "aborted") writeReply(res, reply);
    };
    if (!inFlight.enter()) {
      state = "serving";
      answer(refusal(new Fault("overloaded", "too many updates at once", { retryMs }), requestId));
      return;
    }
    readBody(res, limits.requestBytesMax, (body) => {
      state = "serving";
      if (body === null) {
        inFlight.leave();
        answer(refusal(new Fault("too_large"), requestId, true));
        return;
      }
      const call = { botUsername, secret, body: body.toString("utf8"), requestId };
      void intake
        .accept(call)
        .then((verdict) => answer(verdict === "done" ? stored(requestId) : later(requestId)))
        .finally(() => inFlight.leave());
    });
  }

  app.post("/v1/telegram/webhook/:botUsername", handle);
  return { idle: () => inFlight.idle() };
}

function stored(requestId: string): Reply {
  return { status: 200, headers: [["x-request-id", requestId]], body: null };
}

function later(requestId: string): Reply {
  return refusal(new Fault("unavailable", "not stored; come again", { retryMs }), requestId);
}
