import { openUpdateQueue, type UpdateQueue } from "../bot/update-queue.ts";
import type { Json, UserJson } from "./message.ts";

export interface WebhookSetting {
  readonly url: string;
  readonly secretToken: string;
  readonly maxConnections: number;
}

export interface Command {
  readonly command: string;
  readonly description: string;
}

/** A press of a button or an inline query that waits for its answer. */
export interface Query {
  readonly kind: "callback" | "inline";
  readonly userId: number;
  readonly untilMs: number;
}

export interface BotProfile {
  readonly username: string;
  readonly firstName?: string;
  readonly id?: number;
  readonly token?: string;
  /** Sees all messages of its groups; otherwise commands, mentions and answers to it, as is Telegram's default. */
  readonly readsAllGroupMessages?: boolean;
}

export interface Bot {
  readonly id: number;
  readonly token: string;
  readonly user: UserJson & { readonly username: string };
  readonly readsAllGroupMessages: boolean;
  readonly updates: UpdateQueue;
  webhook: WebhookSetting | null;
  /** What getWebhookInfo says went wrong last. */
  lastError: { readonly atMs: number; readonly message: string } | null;
  /** By scope and language. */
  readonly commands: Map<string, readonly Command[]>;
  readonly queries: Map<string, Query>;
  /** Private messages of one bot have one numbering. */
  lastMessageId: number;
}

export function makeBot(profile: BotProfile, id: number, firstId: number): Bot {
  const { username, firstName = username } = profile;
  return {
    id,
    token: profile.token ?? `${id}:AA${"simulated".repeat(3)}${String(id).padStart(6, "0").slice(-6)}`,
    user: { id, is_bot: true, first_name: firstName, username },
    readsAllGroupMessages: profile.readsAllGroupMessages ?? false,
    updates: openUpdateQueue(firstId),
    webhook: null,
    lastError: null,
    commands: new Map(),
    queries: new Map(),
    lastMessageId: firstId,
  };
}

/** What getMe tells. */
export function encodeMe(bot: Bot): Json {
  return {
    ...bot.user,
    can_join_groups: true,
    can_read_all_group_messages: bot.readsAllGroupMessages,
    supports_inline_queries: true,
    can_connect_to_business: false,
    has_main_web_app: false,
  };
}
