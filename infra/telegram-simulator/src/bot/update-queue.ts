import type { Json } from "../world/message.ts";

/** An update that its bot has not confirmed. */
export interface Update {
  readonly id: number;
  readonly type: string;
  /** As the bot gets it. */
  readonly body: Json;
  /** Updates of one line are delivered one after the other: a chat's, or a user's queries. */
  readonly line: string;
  readonly untilMs: number;
}

/** One bot's updates, in order of their ids. Pure but for its memory: time is an argument. */
export interface UpdateQueue {
  /** @returns null when the bot did not ask for this type. @throws when it is full */
  push(type: string, payload: unknown, line: string, nowMs: number): Update | null;
  /** What getUpdates returns; a positive `offset` forgets everything below, a negative one all but the last. */
  take(offset: number, limit: number, nowMs: number): Update[];
  has(id: number): boolean;
  remove(id: number): void;
  clear(): void;
  list(nowMs: number): Update[];
  /** Types given to `setWebhook` or `getUpdates`; empty means the default set. Those that are none are ignored. */
  allow(types: readonly string[]): void;
  /** Undefined for the default set. */
  readonly allowed: readonly string[] | undefined;
}

/** Bot API 10.3. */
export const updateTypes: readonly string[] = [
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "business_connection",
  "business_message",
  "edited_business_message",
  "deleted_business_messages",
  "guest_message",
  "stopped_message_generation",
  "message_reaction",
  "message_reaction_count",
  "inline_query",
  "chosen_inline_result",
  "callback_query",
  "shipping_query",
  "pre_checkout_query",
  "purchased_paid_media",
  "poll",
  "poll_answer",
  "my_chat_member",
  "chat_member",
  "chat_join_request",
  "chat_boost",
  "removed_chat_boost",
  "managed_bot",
  "subscription",
];
const onlyOnRequest = new Set(["chat_member", "message_reaction", "message_reaction_count"]);

const dayMs = 86_400_000;
const lifeMs: Readonly<Record<string, number>> = { callback_query: 150_000, inline_query: 30_000 };
/** A bot that asks for nothing must not eat the machine. */
const updatesMax = 1_000_000;

export function openUpdateQueue(firstId: number): UpdateQueue {
  const updates = new Map<number, Update>();
  let nextId = firstId;
  let allowed: readonly string[] | undefined;

  function list(nowMs: number): Update[] {
    for (const update of updates.values()) if (update.untilMs <= nowMs) updates.delete(update.id);
    return [...updates.values()];
  }

  return {
    push(type, payload, line, nowMs) {
      const isWanted = allowed === undefined ? !onlyOnRequest.has(type) : allowed.includes(type);
      if (!isWanted) return null;
      if (updates.size >= updatesMax) throw new Error(`a bot leaves ${updatesMax} updates waiting`);
      const id = nextId++;
      const untilMs = nowMs + (lifeMs[type] ?? dayMs);
      // A copy: messages change later, what was said of them does not.
      const body = structuredClone({ update_id: id, [type]: payload });
      const update: Update = { id, type, body, line, untilMs };
      updates.set(id, update);
      return update;
    },
    take(offset, limit, nowMs) {
      if (offset > 0) {
        for (const id of updates.keys()) {
          if (id >= offset) break;
          updates.delete(id);
        }
      } else if (offset < 0) {
        for (const update of list(nowMs).slice(0, offset)) updates.delete(update.id);
      }
      const found: Update[] = [];
      for (const update of updates.values()) {
        if (update.untilMs <= nowMs) updates.delete(update.id);
        else if (found.push(update) >= limit) break;
      }
      return found;
    },
    has: (id) => updates.has(id),
    remove: (id) => void updates.delete(id),
    clear: () => updates.clear(),
    list,
    allow(types) {
      const known = types.filter((type) => updateTypes.includes(type));
      allowed = known.length === 0 ? undefined : known;
    },
    get allowed() {
      return allowed;
    },
  };
}
