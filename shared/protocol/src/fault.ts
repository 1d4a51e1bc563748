/**
 * Faults: what may be told to the outside. One row a code; clients decide by `code`, never by text.
 *
 * `http` is the status of the problem document. Source: CONTRACT §2.
 */
export const faults = {
  invalid: { http: 400, title: "The request is not valid" },
  unauthorized: { http: 401, title: "Log in first" },
  bad_credentials: { http: 401, title: "Unknown user or wrong password" },
  refresh_reused: { http: 401, title: "The refresh token was used before; log in again" },
  forbidden: { http: 403, title: "Not allowed" },
  not_found: { http: 404, title: "Not found" },
  conflict: { http: 409, title: "In conflict with what is there" },
  email_taken: { http: 409, title: "The email address is taken" },
  username_taken: { http: 409, title: "The username is taken" },
  too_large: { http: 413, title: "Too large" },
  rate_limited: { http: 429, title: "Too many requests" },
  overloaded: { http: 503, title: "Too busy; nothing happened" },
  unavailable: { http: 503, title: "Not available; repeat with the same uuid" },
  internal: { http: 500, title: "Something went wrong on our side" },
} as const satisfies Record<string, { http: number; title: string }>;

export type FaultCode = keyof typeof faults;

/** A fault as it crosses a wire. */
export interface FaultInfo {
  readonly code: FaultCode;
  readonly message: string;
  /** When a repeat is worth trying. */
  readonly retryMs?: number;
}

/** A fault on its way up the stack. Anything else that is thrown is a bug and is told as `internal`. */
export class Fault extends Error {
  override name = "Fault";
  readonly code: FaultCode;
  readonly retryMs: number | undefined;
  /** Of the frame it is about, where that could be read. */
  readonly uuid: string | undefined;

  constructor(
    code: FaultCode,
    message: string = faults[code].title,
    options: { readonly retryMs?: number; readonly uuid?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.retryMs = options.retryMs;
    this.uuid = options.uuid;
  }
}

/** A frame that is none: not JSON or protobuf, of an unknown type, or over the bound. Ten in a minute end a socket. */
export class MalformedFrame extends Fault {}

export function faultInfo(fault: Fault): FaultInfo {
  return {
    code: fault.code,
    message: fault.message,
    ...(fault.retryMs === undefined ? {} : { retryMs: fault.retryMs }),
  };
}

/** A fault that came by a wire, on its way up again. */
export function faultOfInfo({ code, message, ...hints }: FaultInfo): Fault {
  return new Fault(code, message, hints);
}

/** The meaning of our WebSocket close codes lies in their range: 40xx at once, 41xx later, 44xx not again. */
export const closeCodes = {
  draining: 4000,
  slowConsumer: 4001,
  heartbeat: 4002,
  overloaded: 4100,
  unavailable: 4101,
  protocol: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  rateLimited: 4429,
} as const;
