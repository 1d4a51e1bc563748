/**
 * Keeps one child process running. Its states:
 *
 * ```
 *             ┌──────────── after restartMs ────────────┐
 *             ▼                                         │
 *  keep() ▶ starting ── ready ──▶ up ── exit ──▶ waiting┘
 *             │  └─ exit or too slow, not the first ──▶ waiting
 *             │
 *             └─ exit or too slow, the first time ──▶ closed   (`started` rejects)
 *
 *  starting, up, waiting ── close() ──▶ closing ── exit, or stopMsMax and then SIGKILL ──▶ closed
 * ```
 *
 * Only the first start may fail: it tells an operator what is wrong. Later ones are repeated without end, because
 * a child that once served is wanted back as soon as whatever keeps it away is gone. A child is in a session of
 * its own, so that Ctrl-C reaches the keeper alone, which then stops them in order.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { signalQuietly } from "./process-table.ts";
import { type Command, type Tether, tie } from "./tether.ts";

export interface Program {
  readonly name: string;
  readonly command: Command;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio: StdioOptions;
  /** What the kernel sends it when the keeper itself dies; KILL also ends a child that is stopped. */
  readonly deathSignal: "KILL" | "QUIT" | "TERM";
  /** Runs before each start: repairs what an earlier one left. */
  readonly prepare?: () => Promise<void>;
  /** Resolves when the child serves; given up when the signal aborts (it exited, or took too long). */
  readonly ready: (child: ChildProcess, signal: AbortSignal) => Promise<void>;
  readonly readyMsMax: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopMsMax: number;
}

export interface KeeperOptions {
  readonly tether: Tether;
  readonly restartMs: number;
  /** Every time it serves, the first time included. */
  readonly onUp?: (pid: number, startMs: number) => void;
  /** Every time a child that was wanted has ended, or could not be started again; it will be tried again. */
  readonly onDown?: (reason: string) => void;
}

export interface Keeper {
  /** Resolves when it serves for the first time; rejects with the reason when that fails. */
  readonly started: Promise<void>;
  /** The pid of the child that runs now. */
  readonly pid: number | undefined;
  /** Stops the child as `close` does and lets it be started again. Resolves when it has ended, not when it serves again. */
  restart(): Promise<void>;
  /** Stops the child and starts none any more. Resolves when it has ended; never rejects. */
  close(): Promise<void>;
  /** Ends the child at once; `close` still has to be called. */
  kill(): void;
  /** Lets this process end although the child runs. */
  unref(): void;
}

/** Starts a program and keeps it running until `close`. */
export function keep(program: Program, options: KeeperOptions): Keeper {
  const closing = new AbortController();
  let child: ChildProcess | undefined;
  let exited: Promise<string> = Promise.resolve("not started");
  let isUnref = false;

  async function start(): Promise<void> {
    const startMs = performance.now();
    await program.prepare?.();
    closing.signal.throwIfAborted();
    const current = spawnTied(program, options.tether);
    child = current;
    if (isUnref) current.unref();
    const over = new AbortController();
    exited = awaitExit(current);
    const ended = exited.then((reason) => {
      over.abort();
      throw new Error(`${program.name} ${reason}`);
    });
    const timer = setTimeout(() => over.abort(new Error("too slow")), program.readyMsMax);
    try {
      await Promise.race([
        ended,
        program.ready(current, over.signal).catch((error: unknown) => {
          if (closing.signal.aborted) return;
          throw new Error(
            `${program.name} does not serve after ${Math.round(performance.now() - startMs)} ms`,
            {
              cause: error,
            },
          );
        }),
      ]);
    } catch (error) {
      killChild();
      await exited;
      throw error;
    } finally {
      clearTimeout(timer);
      ended.catch(() => undefined);
    }
    closing.signal.throwIfAborted();
    options.onUp?.(current.pid ?? 0, performance.now() - startMs);
  }

  async function keepOn(): Promise<void> {
    while (!closing.signal.aborted) {
      const reason = await exited;
      child = undefined;
      if (closing.signal.aborted) return;
      options.onDown?.(reason);
      for (;;) {
        await sleep(options.restartMs, undefined, { signal: closing.signal, ref: !isUnref }).catch(
          () => undefined,
        );
        if (closing.signal.aborted) return;
        try {
          await start();
          break;
        } catch (error) {
          if (closing.signal.aborted) return;
          options.onDown?.(error instanceof Error ? error.message : String(error));
        }
      }
    }
  }

  function killChild(): void {
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      signalQuietly(child.pid, "SIGKILL");
    }
  }

  const started = start();
  const kept = started.then(keepOn, () => undefined);

  async function stopChild(): Promise<void> {
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill(program.stopSignal);
      // One that was stopped by SIGSTOP would never see the signal.
      child.kill("SIGCONT");
      const timer = setTimeout(killChild, program.stopMsMax);
      await exited;
      clearTimeout(timer);
    }
  }

  async function close(): Promise<void> {
    closing.abort(new Error(`${program.name} is being stopped`));
    await stopChild();
    await kept;
  }

  return {
    started,
    get pid() {
      return child?.pid;
    },
    restart: stopChild,
    close,
    kill() {
      closing.abort(new Error(`${program.name} is being stopped`));
      killChild();
    },
    unref() {
      isUnref = true;
      child?.unref();
    },
  };
}

function spawnTied(program: Program, tether: Tether): ChildProcess {
  const { command, args, account } = tie(tether, program.deathSignal, program.command);
  return spawn(command, args, {
    ...account,
    ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
    env: program.env ?? process.env,
    stdio: program.stdio,
    detached: true,
  });
}

async function awaitExit(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  });
}
