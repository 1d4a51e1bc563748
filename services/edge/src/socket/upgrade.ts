import { randomUUID } from "node:crypto";
import type { Limits } from "@rookery/cache";
import { Fault } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { HttpRequest, HttpResponse, us_socket_context_t } from "uWebSockets.js";
import { identifyBy } from "../http/identify.ts";
import type { ClientAddressOf } from "../http/peer.ts";
import { refusal, writeReply } from "../http/reply.ts";
import { refusalOf } from "../http/request-limit.ts";
import { requestIdOf } from "../http/request-id.ts";
import type { Access } from "../identity/access.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { FaultOf } from "../outage.ts";
import { claimsOf, type RateLimits, requestClaims } from "../rate-limits.ts";
import type { Session } from "./connection.ts";
import type { Format, Formats } from "./format.ts";

const bearerPrefix = "bearer.";
const deviceMax = 64;

/** All that is needed of an upgrade, copied while uWS still lends the request. */
interface Intake {
  readonly key: string;
  readonly protocols: readonly string[];
  readonly extensions: string;
  readonly authorization: string;
  readonly apiKey: string;
  readonly query: URLSearchParams;
  readonly origin: string;
  readonly requestId: string;
  readonly clientAddress: string;
}

/**
 * Lets a socket in, or refuses with a status: 401 bad token, 403 foreign origin, 429 too many, 503 draining.
 *
 * The token, or API key, comes by subprotocol `bearer.<token>`, `Authorization` or `?token=`, in this order
 * (CONTRACT §3); a key also as `X-API-Key`.
 */
export function openUpgrade(parts: {
  readonly authentication: Authentication;
  readonly access: Access;
  readonly limits: Limits;
  readonly rateLimits: RateLimits;
  readonly clientAddress: ClientAddressOf;
  readonly formats: Formats;
  readonly draining: () => boolean;
  /** Whether pages of that origin may open sockets; "" is no page. */
  readonly allowsOrigin: (origin: string) => boolean;
  readonly faultOf: FaultOf;
  readonly log: Log;
}): (res: HttpResponse, req: HttpRequest, context: us_socket_context_t) => void {
  return (res, req, context) => {
    const intake = readIntake(req, parts.clientAddress(res, req));
    let aborted = false;
    res.onAborted(() => {
      aborted = true;
    });
    admit(parts, intake).then(
      (session) => {
        if (aborted) return;
        const { connId, userId } = session;
        parts.log.debug({ requestId: intake.requestId, connId, userId }, "a socket is let in");
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
        const { requestId } = intake;
        writeReply(res, refusal(parts.faultOf(error, "an upgrade met a bug", { requestId }), requestId));
      },
    );
  };
}

async function admit(
  parts: Parameters<typeof openUpgrade>[0],
  { protocols, authorization, apiKey, query, origin, clientAddress }: Intake,
): Promise<Session> {
  if (!parts.allowsOrigin(origin)) throw new Fault("forbidden", `the origin ${origin} is not allowed here`);
  refuseDraining(parts);
  const token =
    protocols.find((each) => each.startsWith(bearerPrefix))?.slice(bearerPrefix.length) ??
    (/^bearer /i.test(authorization) ? authorization.slice(bearerPrefix.length) : null) ??
    (apiKey === "" ? query.get("token") : apiKey);
  if (token === null || token === "") throw new Fault("unauthorized", "no token was given");
  const identity = await identifyBy(parts.authentication, token, clientAddress);
  const principal = identity.kind === "proved" ? identity.principal : null;
  const claims = requestClaims(parts.rateLimits, clientAddress, principal);
  if (principal !== null) claims.push(...claimsOf([parts.rateLimits.socket, String(principal.userId)]));
  const decision = await parts.limits.take(...claims);
  if (!decision.allowed) throw refusalOf(decision);
  if (identity.kind !== "proved") throw identity.fault;
  // A socket hears what its user hears.
  await parts.access.demand(identity.principal, "messages:read");
  const mayWrite = await parts.access.may(identity.principal, "messages:write");
  // Whoever moves the sockets elsewhere counts those that are there when it begins.
  refuseDraining(parts);
  return {
    connId: randomUUID(),
    userId: identity.principal.userId,
    principal: identity.principal,
    mayWrite,
    device: (query.get("device") ?? "").slice(0, deviceMax).toWellFormed().replaceAll("\0", "") || null,
    format: chooseFormat(parts.formats, protocols),
    resume: query.get("resume") === "1",
    connection: null,
  };
}

/** @throws Fault */
function refuseDraining({ draining }: Pick<Parameters<typeof openUpgrade>[0], "draining">): void {
  if (draining()) throw new Fault("unavailable", "this edge is stopping", { retryMs: 0 });
}

function chooseFormat(formats: Formats, protocols: readonly string[]): Format {
  return Object.values(formats).find((format) => protocols.includes(format.subprotocol)) ?? formats.json;
}

function readIntake(req: HttpRequest, clientAddress: string): Intake {
  return {
    key: req.getHeader("sec-websocket-key"),
    protocols: req
      .getHeader("sec-websocket-protocol")
      .split(",")
      .map((each) => each.trim()),
    extensions: req.getHeader("sec-websocket-extensions"),
    authorization: req.getHeader("authorization"),
    apiKey: req.getHeader("x-api-key"),
    query: new URLSearchParams(req.getQuery() ?? ""),
    origin: req.getHeader("origin"),
    requestId: requestIdOf(req.getHeader("x-request-id")),
    clientAddress,
  };
}
