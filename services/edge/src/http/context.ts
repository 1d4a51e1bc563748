import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Passwords, Principal, RefreshTokens, SecretBox, Tokens } from "@rookery/auth";
import type { Limits } from "@rookery/cache";
import type { AddressedCommand, Reply } from "@rookery/protocol";
import type { Log, Registry } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { ConnectionInfo } from "./adapter.ts";

/** The door to the log. What was submitted in one order for one actor is applied in that order. */
export interface CommandPort {
  /**
   * Resolves with the actor's reply, after the commit (L1).
   * @throws Fault `unavailable` when there is none within `timeoutMs` (outcome unknown: repeat with the same
   * uuid), `overloaded` when nothing happened.
   */
  submit(command: AddressedCommand, options: { readonly timeoutMs: number }): Promise<Reply>;
}

/** Something the edge cannot serve without; resolves false, or throws, while it is away. */
export type Probe = () => Promise<boolean> | boolean;

interface HttpConfig {
  readonly version: string;
  /** Where the outside reaches this cluster, without a slash at the end. */
  readonly publicUrl: string;
  /** Bound to loopback, so that only this machine's people can ask for metrics. */
  readonly loopback: boolean;
  readonly metricsToken: string | null;
  readonly commandTimeoutMs: number;
}

/** What routes need of the process they run in. */
export interface EdgeContext {
  readonly config: HttpConfig;
  readonly log: Log;
  readonly metrics: Registry;
  readonly now: () => number;
  readonly store: Store;
  readonly limits: Limits;
  readonly tokens: Tokens;
  readonly refreshTokens: RefreshTokens;
  readonly passwords: Passwords;
  readonly secrets: SecretBox;
  readonly commands: CommandPort;
  /** By name, as `/health/ready` tells them: postgres, nats, redis. */
  readonly probes: Readonly<Record<string, Probe>>;
  readonly draining: () => boolean;
}

/** What a handler finds on Hono's context: `c.env.clientAddress`, `c.get("requestId")`, `c.get("principal")`. */
export interface EdgeEnv {
  readonly Bindings: ConnectionInfo;
  readonly Variables: { requestId: string; principal: Principal };
}

/** What a route file registers its routes on. */
export type EdgeApp = OpenAPIHono<EdgeEnv>;
