import { Fault } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { readBody } from "./body.ts";
import { openInFlight } from "./in-flight.ts";
import type { ClientAddressOf } from "./peer.ts";
import { refusal, type Reply, replyOf, writeReply } from "./reply.ts";
import { loggedPath } from "./logged-path.ts";
import { requestIdOf } from "./request-id.ts";

/** What a fetch handler learns of the connection. */
export interface ConnectionInfo {
  /** The client's address in its short form; "" when it cannot be told. */
  readonly clientAddress: string;
}

export interface AdapterOptions {
  readonly fetch: (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;
  readonly clientAddress: ClientAddressOf;
  readonly bodyBytesMax: number;
  /** Requests in flight at once, those whose body is still coming included; beyond it `overloaded`. */
  readonly requestsMax: number;
  readonly log: Log;
}

export interface Adapter {
  /** The uWS handler: `app.any("/*", adapter.handle)`. */
  readonly handle: (res: HttpResponse, req: HttpRequest) => void;
  /** Resolves when no request is in flight. */
  idle(): Promise<void>;
}

/** All that is needed of a request, copied while uWS still lends it. */
interface Intake {
  readonly method: string;
  readonly url: string;
  readonly headers: [string, string][];
  readonly hasBody: boolean;
  readonly requestId: string;
  readonly clientAddress: string;
}

/** Only the path matters to routes; the caller's Host is not trusted to build URLs. */
const origin = "http://edge";
const retryMs = 1_000;

/**
 * Serves a fetch handler on uWebSockets.js.
 *
 * `req` is read before anything asynchronous; an aborted response is never touched; a body is read whole, within
 * its bound, before a Request exists, so that a handler never sees half of one. Answers are not streamed.
 */
export function openAdapter(options: AdapterOptions): Adapter {
  const inFlight = openInFlight(options.requestsMax);

  function handle(res: HttpResponse, req: HttpRequest): void {
    const intake = readIntake(req, options.clientAddress(res, req));
    let state: "reading" | "serving" | "aborted" = intake.hasBody ? "reading" : "serving";
    res.onAborted(() => {
      if (state === "reading") inFlight.leave();
      state = "aborted";
    });
    const answer = (reply: Reply): void => {
      if (state !== "aborted") writeReply(res, reply, intake.method === "HEAD");
    };
    const serve = (body: Buffer<ArrayBuffer> | null): void => {
      state = "serving";
      const startMs = performance.now();
      void replyTo(intake, body)
        .then((reply) => {
          trace(intake, reply, performance.now() - startMs);
          answer(reply);
        })
        .finally(() => inFlight.leave());
    };

    if (!inFlight.enter()) {
      state = "serving";
      answer(
        refusal(new Fault("overloaded", "too many requests at once", { retryMs }), intake.requestId, true),
      );
    } else if (!intake.hasBody) serve(null);
    else {
      readBody(res, options.bodyBytesMax, (body) => {
        if (body !== null) {
          serve(body);
          return;
        }
        state = "serving";
        inFlight.leave();
        const fault = new Fault("too_large", `the body is over ${options.bodyBytesMax} bytes`);
        answer(refusal(fault, intake.requestId, true));
      });
    }
  }

  /** Never rejects. */
  async function replyTo(intake: Intake, body: Buffer<ArrayBuffer> | null): Promise<Reply> {
    const request = requestOf(intake, body);
    if (request === null) {
      const fault = new Fault("invalid", "the method, path or a header cannot be read");
      return refusal(fault, intake.requestId);
    }
    try {
      return await replyOf(await options.fetch(request, { clientAddress: intake.clientAddress }));
    } catch (error) {
      options.log.error({ err: error, requestId: intake.requestId }, "a request could not be answered");
      return refusal(new Fault("internal"), intake.requestId);
    }
  }

  /** At `debug`, under the id that all logs of the request have. */
  function trace({ requestId, method, url }: Intake, { status }: Reply, ms: number): void {
    if (!options.log.isLevelEnabled("debug")) return;
    options.log.debug({ requestId, method, path: loggedPath(url), status, ms: Math.round(ms) }, "answered");
  }

  return { handle, idle: () => inFlight.idle() };
}

function readIntake(req: HttpRequest, clientAddress: string): Intake {
  // Undefined when there is none, whatever the typings say.
  const query: string | undefined = req.getQuery();
  const requestId = requestIdOf(req.getHeader("x-request-id"));
  // As we name it from here on: one that cannot stand in a log line is replaced.
  const headers: [string, string][] = [["x-request-id", requestId]];
  let hasBody = false;
  req.forEach((name, value) => {
    if (name === "content-length" ? value !== "0" : name === "transfer-encoding") hasBody = true;
    if (name !== "x-request-id") headers.push([name, value]);
  });
  return {
    method: req.getCaseSensitiveMethod().toUpperCase(),
    url: query === undefined || query === "" ? req.getUrl() : `${req.getUrl()}?${query}`,
    headers,
    hasBody,
    requestId,
    clientAddress,
  };
}

/** Null for what the fetch standard refuses: methods, paths and headers a browser could not send. */
function requestOf(intake: Intake, body: Buffer<ArrayBuffer> | null): Request | null {
  // HEAD is GET whose body is not written; so its length is told as it would be.
  const method = intake.method === "HEAD" ? "GET" : intake.method;
  try {
    return new Request(origin + intake.url, {
      method,
      headers: intake.headers,
      ...(body === null || method === "GET" ? {} : { body }),
    });
  } catch {
    return null;
  }
}
