import type { RateLimiter } from "../bot/rate-limit.ts";
import type { PollDesk } from "../bot/poll.ts";
import type { Arguments } from "../http/arguments.ts";
import type { Seen } from "../journal/journal.ts";
import type { Bot, WebhookSetting } from "../world/bot.ts";
import type { World } from "../world/world.ts";

/** One call of one method. */
export interface MethodCall {
  readonly bot: Bot;
  readonly args: Arguments;
  readonly world: World;
  readonly polls: PollDesk;
  readonly webhooks: WebhookDesk;
  /** Null when nothing is limited. */
  readonly limiter: RateLimiter | null;
  /** Aborted when the caller hung up. */
  readonly signal: AbortSignal;
  /** Journals what people see of it. */
  readonly see: (entry: Omit<Seen, "seq" | "outcome" | "atMs" | "botId">) => void;
  /** Said beside a successful result. */
  description?: string;
}

export interface WebhookDesk {
  set(bot: Bot, setting: WebhookSetting): void;
  delete(bot: Bot): void;
}

/** @returns the result. @throws Refusal */
export type Method = (call: MethodCall) => unknown;

/** By name as documented. */
export type MethodTable = Readonly<Record<string, Method>>;
