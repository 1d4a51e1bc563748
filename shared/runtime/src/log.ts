import { type Logger, pino } from "pino";
import { type Env, readChoice } from "./env.ts";

export type Log = Logger;

const secretFields = ["password", "token", "secret", "authorization", "cookie", "body", "initData"];
/** Of a chain of causes. */
const causesMax = 5;

/**
 * A structured log on standard error (standard output belongs to the `rookery ready` lines).
 *
 * Bodies, tokens and secrets are never passed to it; `redact` is the second lock on that door.
 */
export function openLog(service: string, env: Env): Log {
  const level = readChoice(
    env,
    "LOG_LEVEL",
    ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
    "info",
  );
  const format = readChoice(env, "LOG_FORMAT", ["json", "pretty"], "json");
  const options = {
    level,
    base: { service, pid: process.pid },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]) },
    serializers: { err: serializeError },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, format === "json" ? pino.destination({ fd: 2, sync: true }) : prettyStream());
}

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: unknown;
  readonly cause?: LoggedError;
}

/**
 * An error by what it says of itself and no more: others carry what they failed on. Postgres tells the refused row
 * (`detail`, `where`), an HTTP client the request with its headers.
 */
export function serializeError(error: unknown, depth = 0): LoggedError | string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  const cause =
    depth < causesMax && error.cause instanceof Error ? serializeError(error.cause, depth + 1) : undefined;
  return {
    type: name,
    message,
    stack,
    ...("code" in error ? { code: error.code } : {}),
    ...(typeof cause === "object" ? { cause } : {}),
  };
}

/** One line a record for people: time, service, level, message, the rest as JSON. */
function prettyStream() {
  return {
    write(line: string): void {
      const { time, level, service, pid, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
      const clock = String(time).slice(11, 23);
      const name = pino.levels.labels[Number(level)] ?? String(level);
      const extra = Object.keys(rest).length === 0 ? "" : ` ${JSON.stringify(rest)}`;
      process.stderr.write(`${clock} ${String(service)}[${String(pid)}] ${name}: ${String(msg)}${extra}\n`);
    },
  };
}
