/**
 * One process of the product: edge, worker or courier. Its states:
 *
 *   down ──start──▶ starting ──ready──▶ up ──kill, end──▶ down
 *                      └──────exit──────┴──▶ down, and started again after a second, as its supervisor would
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readTether, signalQuietly, tie } from "@rookery/local";
import type { Env } from "@rookery/runtime";
import { pause } from "../pause.ts";
import { ownRoot } from "./version.ts";

export type Role = "edge" | "worker" | "courier";

export interface MemberOptions {
  readonly role: Role;
  readonly index: number;
  readonly env: Env;
  /** Where it shows health and metrics. */
  readonly statusUrl: string;
  /** Where its log goes. */
  readonly logFd: number;
  /** Where its version is; this one if not given. */
  readonly root?: string;
  /** A module that is loaded before the process's own: a planted bug. */
  readonly plant?: string;
  /** An end that nobody asked for; `served`: it had been ready. */
  readonly onExit: (name: string, reason: string, served: boolean) => void;
}

export interface Member {
  readonly name: string;
  readonly role: Role;
  readonly index: number;
  readonly isUp: boolean;
  readonly statusUrl: string;
  /** Resolves when it serves. @throws when it does not in time, or is told to end meanwhile. */
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone, SIGKILL after `withinMs`. @returns whether it ended by itself with code 0. */
  end(withinMs?: number): Promise<boolean>;
  freeze(): void;
  thaw(): void;
  /** From its next start on it is of another version. */
  become(root: string): void;
}

const readyMsMax = 60_000;
const endMsMax = 25_000;
const againMs = 1_000;

interface Life {
  readonly child: ChildProcess;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  ready: boolean;
  /** Its end is wanted. */
  condemned: boolean;
}

export function openMember(options: MemberOptions): Member {
  const { role, index } = options;
  const name = `${role}-${index}`;
  const tether = readTether();
  let root = options.root ?? ownRoot;
  let life: Life | undefined;
  let starting: Promise<void> | undefined;

  const spawnLife = (): Life => {
    const plant = options.plant === undefined ? [] : ["--import", options.plant];
    const command = tie(tether, "KILL", {
      command: process.execPath,
      args: [...plant, `${root}services/${role}/src/main.ts`],
    });
    const child = spawn(command.command, command.args, {
      cwd: root,
      env: { ...options.env, ROOKERY_NODE: name },
      stdio: ["ignore", options.logFd, options.logFd, "ipc"],
      detached: true,
    });
    const current: Life = {
      child,
      ready: false,
      condemned: false,
      exited: new Promise((resolve) => {
        child.once("error", () => resolve({ code: null, signal: "not started" }));
        child.once("exit", (code, signal) => resolve({ code, signal }));
      }),
    };
    void current.exited.then(async ({ code, signal }) => {
      if (life === current) life = undefined;
      if (current.condemned) return;
      options.onExit(
        name,
        signal === null ? `ended with code ${code}` : `was ended by ${signal}`,
        current.ready,
      );
      if (!current.ready) return;
      await pause(againMs);
      if (life === undefined) await start().catch(() => undefined);
    });
    return current;
  };

  const awaitReady = async (current: Life): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} is not ready`)), readyMsMax);
      current.child.on("message", () => {
        clearTimeout(timer);
        current.ready = true;
        resolve();
      });
      void current.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        reject(new Error(`${name} ended before it was ready: ${signal ?? code}`));
      });
    });
  };

  /** A start that is refused (a part is away) is repeated, as its supervisor does. */
  const begin = async (): Promise<void> => {
    const endMs = performance.now() + readyMsMax;
    for (;;) {
      const current = spawnLife();
      life = current;
      try {
        return await awaitReady(current);
      } catch (error) {
        if (current.condemned || performance.now() > endMs) throw error;
        await pause(againMs);
        if (current.condemned) throw error;
      }
    }
  };

  const start = async (): Promise<void> => {
    if (life?.ready === true) return;
    starting ??= begin().finally(() => {
      starting = undefined;
    });
    await starting;
  };

  const signal = (which: NodeJS.Signals): void => {
    if (life?.child.pid !== undefined) signalQuietly(life.child.pid, which);
  };

  return {
    name,
    role,
    index,
    statusUrl: options.statusUrl,
    get isUp() {
      return life?.ready === true;
    },
    start,
    async kill() {
      const current = life;
      if (current === undefined) return;
      current.condemned = true;
      signal("SIGKILL");
      await current.exited;
    },
    async end(withinMs = endMsMax) {
      const current = life;
      if (current === undefined) return true;
      current.condemned = true;
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), withinMs);
      const { code } = await current.exited;
      clearTimeout(timer);
      return code === 0;
    },
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    become(other) {
      root = other;
    },
  };
}
