import type { Readable } from "node:stream";
import { Fault } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { readBody } from "./body.ts";
import { openInFlight } from "./in-flight.ts";
import type { ClientAddressOf } from "./peer.ts";
import { refusal, type Reply, replyOf, writeHead, writeReply } from "./reply.ts";
import { loggedPath } from "./logged-path.ts";
import { pour } from "./pour.ts";
import { RequestBody } from "./request-body.ts";
import { requestIdOf } from "./request-id.ts";

/** Bytes of an answer that are not held in memory. */
export interface Content {
  readonly source: Readable;
  readonly length: number;
}

/** What a fetch handler learns of the connection, and what it may do beyond `Request` and `Response`. */
export interface ConnectionInfo {
  /** The client's address in its short form; "" when it cannot be told. */
  readonly clientAddress: string;
  /** The body of an upload, which nobody has read yet. */
  readonly upload?: RequestBody;
  /** Puts these bytes in place of the answer's body; they are destroyed when the client wants none. */
  readonly send?: (content: Content) => void;
}

export interface AdapterOptions {
  readonly fetch: (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;
  readonly clientAddress: ClientAddressOf;
  readonly bodyBytesMax: number;
  /** Requests whose body is handed on as it comes, and how long it may be. */
  readonly uploads?: { readonly is: (method: string, path: string) => boolean; readonly bytesMax: number };
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
  readonly path: string;
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
 * its bound, before a Request exists, so that a handler never sees half of one. Uploads are handed on beside the Request, and
 * files sent behind the answer's head, a piece of them in memory at a time.
 */
export function openAdapter(options: AdapterOptions): Adapter {
  const inFlight = openInFlight(options.requestsMax);

  function handle(res: HttpResponse, req: HttpRequest): void {
    const intake = readIntake(req, options.clientAddress(res, req));
    const upload = uploadOf(res, intake);
    let state: "reading" | "serving" | "aborted" =
      intake.hasBody && upload === undefined ? "reading" : "serving";
    let content: Content | undefined;
    const gone = new AbortController();
    res.onAborted(() => {
      if (state === "reading") inFlight.leave();
      state = "aborted";
      upload?.abort();
      gone.abort();
    });
    const isGone = (): boolean => state === "aborted";
    const answer = async (reply: Reply): Promise<void> => {
      const isHead = intake.method === "HEAD";
      if (content === undefined) {
        if (!isGone()) writeReply(res, reply, isHead);
        return;
      }
      const { source, length } = content;
      if (isGone() || isHead || length === 0) source.destroy();
      if (isGone()) return;
      writeHead(res, reply, isHead || length === 0 ? { length, isHead } : undefined);
      if (!isHead && length > 0) await pour(source, { res, isGone, signal: gone.signal, length });
    };
    const serve = (body: Buffer<ArrayBuffer> | null): void => {
      state = "serving";
      const startMs = performance.now();
      const connection = {
        clientAddress: intake.clientAddress,
        ...(upload === undefined ? {} : { upload }),
        send: (given: Content) => {
          content = given;
        },
      };
      void replyTo(intake, body, connection)
        .then(async (reply) => {
          trace(intake, reply, performance.now() - startMs);
          // The rest of an upload that nobody wants is read first, so that its sender hears the answer.
          const isWhole = upload === undefined || (await upload.drain());
          await answer(isWhole ? reply : { ...reply, close: true });
        })
        .finally(() => inFlight.leave());
    };

    if (!inFlight.enter()) {
      state = "serving";
      void answer(
        refusal(new Fault("overloaded", "too many requests at once", { retryMs }), intake.requestId, true),
      );
    } else if (!intake.hasBody || upload !== undefined) serve(null);
    else {
      readBody(res, options.bodyBytesMax, (body) => {
        if (body !== null) {
          serve(body);
          return;
        }
        state = "serving";
        inFlight.leave();
        const fault = new Fault("too_large", `the body is over ${options.bodyBytesMax} bytes`);
        void answer(refusal(fault, intake.requestId, true));
      });
    }
  }

  function uploadOf(res: HttpResponse, { hasBody, method, path }: Intake): RequestBody | undefined {
    const { uploads } = options;
    if (!hasBody || uploads?.is(method, path) !== true) return undefined;
    const { bytesMax } = uploads;
    return new RequestBody(res, {
      bytesMax,
      tooLong: () => new Fault("too_large", `the body is over ${bytesMax} bytes`),
    });
  }

  /** Never rejects. */
  async function replyTo(
    intake: Intake,
    body: Buffer<ArrayBuffer> | null,
    connection: ConnectionInfo,
  ): Promise<Reply> {
    const request = requestOf(intake, body);
    if (request === null) {
      const fault = new Fault("invalid", "the method, path or a header cannot be read");
      return refusal(fault, intake.requestId);
    }
    try {
      return await replyOf(await options.fetch(request, connection));
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
    path: req.getUrl(),
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
