import { ConfigError, type Env } from "./env.ts";
import { type Log, openLog } from "./log.ts";

/** Something started: `close` stops intake, drains, then releases, and resolves when nothing is left. */
export interface Service {
  close(): Promise<void>;
  /** Told to the supervisor with the ready message. */
  readonly url?: string;
}

/** What a child tells its supervisor over the IPC channel. */
export interface ReadyMessage {
  readonly kind: "ready";
  readonly url?: string;
}

/**
 * The life of one process: start, tell the supervisor, stop on SIGINT or SIGTERM.
 *
 * Exit 0 after a clean stop, 1 when the start is refused or something unforeseen is thrown (crash-only: the
 * supervisor starts it again, the log and Postgres hold all state). A vanished supervisor ends it at once.
 */
export async function runProcess(
  name: string,
  start: (env: Env, log: Log) => Promise<Service>,
): Promise<void> {
  const env: Env = process.env;
  const log = openLog(name, env);
  process.on("disconnect", () => process.exit(1));
  process.on("uncaughtException", (error) => die(log, error));
  process.on("unhandledRejection", (error) => die(log, error));

  let stop = (): void => process.exit(0);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop());

  try {
    const service = await start(env, log);
    let closing = false;
    stop = () => {
      if (closing) return;
      closing = true;
      log.info("stopping");
      service.close().then(
        () => process.exit(0),
        (error: unknown) => die(log, error),
      );
    };
    const message: ReadyMessage = {
      kind: "ready",
      ...(service.url === undefined ? {} : { url: service.url }),
    };
    process.send?.(message);
  } catch (error) {
    if (error instanceof ConfigError) {
      log.fatal(error.message);
      process.exit(1);
    }
    die(log, error);
  }
}

function die(log: Log, error: unknown): never {
  log.fatal({ err: error }, "cannot go on");
  process.exit(1);
}
