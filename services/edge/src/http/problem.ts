import { Fault, type FaultCode, faults } from "@rookery/protocol";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A problem document (RFC 9457). Clients decide by `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: ContentfulStatusCode;
  readonly detail: string;
  readonly code: FaultCode;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

/** One wrong field; `path` is dotted, empty for the body itself. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export const problemContentType = "application/problem+json";

/** A fault of a request whose wrong fields can be named one by one. */
export class RequestFault extends Fault {
  readonly errors: readonly FieldError[];

  constructor(code: FaultCode, message: string, errors: readonly FieldError[]) {
    super(code, message);
    this.errors = errors;
  }
}

export function problemOf(fault: Fault, requestId: string): Problem {
  const row = faults[fault.code];
  return {
    type: `urn:rookery:problem:${fault.code}`,
    title: row.title,
    status: row.http,
    detail: fault.message,
    code: fault.code,
    requestId,
    ...(fault instanceof RequestFault && fault.errors.length > 0 ? { errors: fault.errors } : {}),
  };
}

/** Headers of the answer that carries the fault: its type, and when a repeat is worth trying. */
export function problemHeaders(fault: Fault): Record<string, string> {
  return {
    "content-type": problemContentType,
    ...(fault.code === "unauthorized" ? { "www-authenticate": "Bearer" } : {}),
    ...(fault.retryMs === undefined
      ? {}
      : { "retry-after": String(Math.max(1, Math.ceil(fault.retryMs / 1_000))) }),
  };
}
