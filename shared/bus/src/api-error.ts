import { LogFull, LogMissing, LogRefusal } from "./log-error.ts";
import { BusOutage } from "./outage.ts";

/** The `error` of a JetStream answer. Source: nats-server `server/errors.json`. */
export interface ApiError {
  readonly code?: number;
  readonly err_code?: number;
  readonly description?: string;
}

export const NO_MESSAGE_FOUND = 10037;
export const STREAM_NAME_EXISTS = 10058;
const STREAM_NOT_FOUND = 10059;

/**
 * Resource limits of the account 10002, insufficient resources 10023, memory 10028, storage 10047, message not
 * stored 10077 (the stream's own maximum under `discard: new`), too many requests 10167.
 */
const FULL = new Set([10002, 10023, 10028, 10047, 10077, 10167]);

/** No quorum 10008, not the leader 10009, not enabled (yet) 10039 and 10076, stream offline 10118. */
const UNAVAILABLE = new Set([10008, 10009, 10039, 10076, 10118]);

/** The error to throw for a refusal of JetStream, decided by its code alone. */
export function parseApiError(subject: string, stream: string, error: ApiError): Error {
  const errCode = error.err_code ?? 0;
  if (errCode === STREAM_NOT_FOUND) return new LogMissing(stream);
  if (FULL.has(errCode)) return new LogFull(subject, errCode);
  if (UNAVAILABLE.has(errCode)) return new BusOutage("unavailable", subject);
  return new LogRefusal(subject, errCode, error.description ?? "refused");
}
