import type { Env } from "@rookery/runtime";
import type { Program } from "./keeper.ts";
import type { Tether } from "./tether.ts";

export type PartName = "postgres" | "nats" | "redis";

export interface PartContext {
  /** Absolute. */
  readonly dataDir: string;
  readonly env: Env;
  readonly tether: Tether;
  readonly progress: (line: string) => void;
  /** Aborted when the start is given up. */
  readonly signal: AbortSignal;
  /** Where the part's own output goes. */
  readonly logFd: number;
}

/** A part made ready to run on a port that is chosen for it, and kept when it is started again. */
export interface PreparedPart {
  readonly version: string;
  /** Path of the server's program. */
  readonly program: string;
  plan(port: number): Promise<{ readonly url: string; readonly program: Program }>;
}
