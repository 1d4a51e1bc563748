import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiKeys, Passwords, Principal, RefreshTokens, SecretBox, Tokens } from "@rookery/auth";
import type { Decision, Limits, MirroredSocket } from "@rookery/cache";
import type { AddressedCommand, ChatId, Mark, Reply, UserId } from "@rookery/protocol";
import type { Log, MetricsDoor, Probe, Registry } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { AddressRules } from "@rookery/webhook";
import type { Files } from "../file/files.ts";
import type { Access } from "../identity/access.ts";
import type { Authentication } from "../identity/authentication.ts";
import type { SessionUses } from "../identity/session-uses.ts";
import type { FaultOf } from "../outage.ts";
import type { Revocations } from "../revocations.ts";
import type { RateLimits } from "../rate-limits.ts";
import type { PresencePort } from "../room/presence-query.ts";
import type { JobWakes } from "../webhook/job-wakes.ts";
import type { ConnectionInfo } from "./adapter.ts";
import type { Identity } from "./identify.ts";

/** The door to the log. What was submitted in one order for one actor is applied in that order. */
export interface CommandPort {
  /**
   * Resolves with the actor's reply, after the commit (L1).
   * @throws Fault `unavailable` when there is none within `timeoutMs` (outcome unknown: repeat with the same
   * uuid), `overloaded` when nothing happened.
   */
  submit(command: AddressedCommand, options: { readonly timeoutMs: number }): Promise<Reply>;
}

/** The door for how far somebody has come; many go through it together. */
export interface ReceiptPort {
  /** Resolves when it is committed. @throws Fault as the chat, or the way there, refused it. */
  mark(chatId: ChatId, mark: Mark): Promise<void>;
}

interface HttpConfig extends MetricsDoor {
  readonly version: string;
  /** Where the outside reaches this cluster, without a slash at the end. */
  readonly publicUrl: string;
  /** Origins whose pages may ask, cookie included; `*`: those of any, without it. */
  readonly corsOrigins: readonly string[];
  readonly commandTimeoutMs: number;
}

/** What routes need of the process they run in. */
export interface EdgeContext {
  readonly config: HttpConfig;
  readonly log: Log;
  readonly faultOf: FaultOf;
  readonly metrics: Registry;
  /** These metrics and those of workers and couriers; absent: these alone are shown. */
  readonly clusterMetrics?: () => Promise<string>;
  readonly now: () => number;
  readonly store: Store;
  readonly limits: Limits;
  readonly rateLimits: RateLimits;
  readonly tokens: Tokens;
  readonly refreshTokens: RefreshTokens;
  readonly passwords: Passwords;
  readonly secrets: SecretBox;
  readonly commands: CommandPort;
  /** Where webhooks may go. */
  readonly addresses: AddressRules;
  readonly files: Files;
  readonly jobWakes: JobWakes;
  readonly apiKeys: ApiKeys;
  readonly authentication: Authentication;
  readonly access: Access;
  readonly presence: PresencePort;
  /** Of one user, on all edges. @throws while Redis is away */
  readonly socketsOf: (userId: UserId) => Promise<MirroredSocket[]>;
  readonly revocations: Pick<Revocations, "announce">;
  readonly receipts: ReceiptPort;
  readonly sessionUses: Pick<SessionUses, "note">;
  /** Whether pages of that origin are ours: the rule of sockets, for requests that a cookie proves. */
  readonly allowsOrigin: (origin: string) => boolean;
  /** By name, as `/health/ready` tells them: postgres, nats, redis. */
  readonly probes: Readonly<Record<string, Probe>>;
  readonly draining: () => boolean;
}

/** What a handler finds on Hono's context: `c.env.clientAddress`, `c.get("requestId")`, `c.get("principal")`. */
export interface EdgeEnv {
  readonly Bindings: ConnectionInfo;
  readonly Variables: {
    requestId: string;
    principal: Principal;
    identity: Identity | undefined;
    /** What the limits said of this request so far. */
    counted: Decision["counted"] | undefined;
  };
}

/** What a route file registers its routes on. */
export type EdgeApp = OpenAPIHono<EdgeEnv>;
