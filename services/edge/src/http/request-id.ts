import { randomUUID } from "node:crypto";

const pattern = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's `X-Request-Id` when it can stand in a log line, else a new one. */
export function requestIdOf(header: string | null | undefined): string {
  return typeof header === "string" && pattern.test(header) ? header : randomUUID();
}
