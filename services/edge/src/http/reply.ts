import { STATUS_CODES } from "node:http";
import type { Fault } from "@rookery/protocol";
import type { HttpResponse } from "uWebSockets.js";
import { problemHeaders, problemOf } from "./problem.ts";
import { quietHeaders } from "./security-headers.ts";

/** A whole answer, ready to be written in one go. */
export interface Reply {
  readonly status: number;
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: Uint8Array | string | null;
  /** Ends the connection too: what the client still sends is not wanted. */
  readonly close?: boolean;
}

/** The answer that tells a fault where no route answers. */
export function refusal(fault: Fault, requestId: string, close = false): Reply {
  const problem = problemOf(fault, requestId);
  const headers = { ...quietHeaders, ...problemHeaders(fault), "x-request-id": requestId };
  return { status: problem.status, headers: Object.entries(headers), body: JSON.stringify(problem), close };
}

export async function replyOf(response: Response): Promise<Reply> {
  const body = response.body === null ? null : new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body };
}

/** Writes an answer to a response that was not aborted. Of an answer to HEAD only the length of the body is told. */
export function writeReply(res: HttpResponse, reply: Reply, isHead = false): void {
  res.cork(() => {
    res.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? "Unknown"}`);
    for (const [name, value] of reply.headers) {
      // uWS writes the length itself; a second one would be a malformed answer.
      if (name !== "content-length") res.writeHeader(name, value);
    }
    // Without an argument: uWS writes a nonsense length for `undefined`, and after `endWithoutBody(5)` takes the
    // connection's next request for one too many.
    if (reply.status === 204 || reply.status === 304) res.endWithoutBody();
    else if (isHead) res.writeHeader("content-length", String(lengthOf(reply.body))).endWithoutBody();
    else res.end(reply.body ?? "", reply.close ?? false);
  });
}

/** Writes all but the body; `empty`: there is none, only its length is told. */
export function writeHead(
  res: HttpResponse,
  { status, headers }: Reply,
  empty: { readonly length: number; readonly isHead: boolean } | undefined,
): void {
  res.cork(() => {
    res.writeStatus(`${status} ${STATUS_CODES[status] ?? "Unknown"}`);
    for (const [name, value] of headers) if (name !== "content-length") res.writeHeader(name, value);
    if (empty?.isHead === true) res.writeHeader("content-length", String(empty.length)).endWithoutBody();
    else if (empty !== undefined) res.end();
  });
}

function lengthOf(body: Reply["body"]): number {
  if (body === null) return 0;
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}
