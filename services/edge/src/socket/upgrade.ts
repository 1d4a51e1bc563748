import { randomUUID } from "node:crypto";
import type { Tokens } from "@rookery/auth";
import type { Limit, Limits } from "@rookery/cache";
import { Fault } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { HttpRequest, HttpResponse, us_socket_context_t } from "uWebSockets.js";
import { refusal, writeReply } from "../http/reply.ts";
import { requestIdOf } from "../http/request-id.ts";
import type { Session } from "./connection.ts";
import type { Format, Formats } from "./format.ts";

const bearerPrefix = "bearer.";
const deviceMax = 64;
/** Sockets a user opens in a minute (A8). */
const socketLimit: Limit = { name: "socket", perMinute: 20, burst: 20, whenAway: "open" };

/** All that is needed of an upgrade, copied while uWS still lends the request. */
interface Intake {
  readonly key: string;
  readonly protocols: readonly string[];
  readonly extensions: string;
  readonly authorization: string;
  readonly query: URLSearchParams;
  readonly origin: string;
  readonly requestId: string;
}

/**
 * Lets a socket in, or refuses with a status: 401 bad token, 403 foreign origin, 429 too many, 503 draining.
 *
 * The token comes by subprotocol `bearer.<token>`, `Authorization` or `?token=`, in this order (CONTRACT §3).
 */
export function openUpgrade(parts: {
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly formats: Formats;
  readonly draining: () => boolean;
  /** Whether pages of that origin may open sockets; "" is no page. */
  readonly allowsOrigin: (origin: string) => boolean;
  readonly log: Log;
}): (res: HttpResponse, req: HttpRequest, context: us_socket_context_t) => void {
  return (res, req, context) => {
    const intake = readIntake(req);
    let aborted = false;
    res.onAborted(() => {
      aborted = true;
    });
    admit(parts, intake).then(
      (session) => {
        if (aborted) return;
        const offered = intake.protocols.includes(session.format.subprotocol);
        // Not corked: uWS' cork takes a socket whose memory did not move in the upgrade for an HTTP response still, and
        // closes it without a word, now and then.
        res.upgrade(
          session,
          intake.key,
          offered ? session.format.subprotocol : "",
          intake.extensions,
          context,
        );
      },
      (error: unknown) => {
        if (aborted) return;
        if (!(error instanceof Fault))
          parts.log.error({ err: error, requestId: intake.requestId }, "an upgrade met a bug");
        writeReply(res, refusal(error instanceof Fault ? error : new Fault("internal"), intake.requestId));
      },
    );
  };
}

async function admit(
  parts: Parameters<typeof openUpgrade>[0],
  { protocols, authorization, query, origin }: Intake,
): Promise<Session> {
  if (!parts.allowsOrigin(origin)) throw new Fault("forbidden", `the origin ${origin} is not allowed here`);
  if (parts.draining()) throw new Fault("unavailable", "this edge is stopping", { retryMs: 0 });
  const token =
    protocols.find((each) => each.startsWith(bearerPrefix))?.slice(bearerPrefix.length) ??
    (/^bearer /i.test(authorization) ? authorization.slice(bearerPrefix.length) : query.get("token"));
  if (token === null || token === "") throw new Fault("unauthorized", "no token was given");
  const verdict = await parts.tokens.verify(token, Date.now());
  if (verdict.kind !== "valid") {
    throw new Fault(
      "unauthorized",
      verdict.kind === "expired" ? "the token has ended" : "the token is not valid",
    );
  }
  const { userId, expiresMs } = verdict.principal;
  const taken = await parts.limits.take(socketLimit, String(userId));
  if (!taken.allowed) {
    throw new Fault("rate_limited", "too many sockets opened in a minute", { retryMs: taken.retryMs });
  }
  return {
    connId: randomUUID(),
    userId,
    expiresMs,
    device: (query.get("device") ?? "unknown").slice(0, deviceMax),
    format: chooseFormat(parts.formats, protocols),
    resume: query.get("resume") === "1",
    connection: null,
  };
}

function chooseFormat(formats: Formats, protocols: readonly string[]): Format {
  return Object.values(formats).find((format) => protocols.includes(format.subprotocol)) ?? formats.json;
}

function readIntake(req: HttpRequest): Intake {
  return {
    key: req.getHeader("sec-websocket-key"),
    protocols: req
      .getHeader("sec-websocket-protocol")
      .split(",")
      .map((each) => each.trim()),
    extensions: req.getHeader("sec-websocket-extensions"),
    authorization: req.getHeader("authorization"),
    query: new URLSearchParams(req.getQuery() ?? ""),
    origin: req.getHeader("origin"),
    requestId: requestIdOf(req.getHeader("x-request-id")),
  };
}
