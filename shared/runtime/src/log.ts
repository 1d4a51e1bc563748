import { type Logger, pino } from "pino";
import { type Env, readChoice } from "./env.ts";

export type Log = Logger;

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
    redact: { paths: ["*.password", "*.token", "*.secret", "*.authorization", "*.cookie", "*.body"] },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(options, format === "json" ? pino.destination({ fd: 2, sync: true }) : prettyStream());
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
