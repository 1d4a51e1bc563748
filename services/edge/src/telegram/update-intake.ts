import { createHash, timingSafeEqual } from "node:crypto";
import { Fault, type Reply } from "@rookery/protocol";
import { Counter, type Log, type Registry } from "@rookery/runtime";
import {
  ensureTelegramUser,
  readWebhookDoor,
  reserveChat,
  type Store,
  type WebhookDoor,
} from "@rookery/store";
import { parseUpdate, senderOf, type TelegramSender, type TelegramUpdate } from "@rookery/telegram";
import type { CommandPort } from "../http/context.ts";
import { openChatLines } from "./chat-line.ts";
import { openLookup } from "./lookup.ts";
import { commandOfUpdate } from "./update-command.ts";

/** A webhook call as it came. */
interface WebhookCall {
  readonly botUsername: string;
  /** Empty when the header is missing. */
  readonly secret: string;
  readonly body: string;
  readonly requestId: string;
}

/** `done`: Telegram need not come again. `later`: nothing is known to be stored, it has to. */
type Verdict = "done" | "later";

export interface UpdateIntake {
  /** Never throws. `done` for a message only after the commit that holds it (L1). */
  accept(call: WebhookCall): Promise<Verdict>;
}

export interface UpdateIntakeOptions {
  readonly store: Store;
  readonly commands: CommandPort;
  readonly commandTimeoutMs: number;
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Registry;
}

/** A bot that is deleted or gets another owner is known for so long at most. */
const doorLifeMs = 1_000;
const doorsMax = 10_000;
/** The chat of a key never changes. */
const chatLifeMs = Number.POSITIVE_INFINITY;
const chatsMax = 50_000;
/** A profile that changed and changed back is written after so long. */
const senderLifeMs = 60_000;
const sendersMax = 50_000;
const usernameCharsMax = 64;

type MessageUpdate = Extract<TelegramUpdate, { readonly kind: "message" }>;

export function openUpdateIntake(options: UpdateIntakeOptions): UpdateIntake {
  const { store, commands, now, log, metrics } = options;
  const updates = new Counter({
    name: "rookery_telegram_updates_total",
    help: "Webhook calls of Telegram: stored, duplicate, ignored (no message), dropped, refused, later",
    labelNames: ["type", "result"],
    registers: [metrics],
  });
  const doors = openLookup<string, WebhookDoor>({
    entriesMax: doorsMax,
    lifeMs: doorLifeMs,
    now,
    keyOf: (username) => username,
    load: (username) => readWebhookDoor(store, username),
  });
  const chats = openLookup<`telegram:${number}:${number}`, number>({
    entriesMax: chatsMax,
    lifeMs: chatLifeMs,
    now,
    keyOf: (key) => key,
    load: (key) => reserveChat(store, key),
  });
  // Keyed by the whole profile, so that a changed one is written.
  const senders = openLookup<TelegramSender, number>({
    entriesMax: sendersMax,
    lifeMs: senderLifeMs,
    now,
    keyOf: (sender) => JSON.stringify(sender),
    load: (sender) => ensureTelegramUser(store, sender, now()),
  });
  const lines = openChatLines();

  async function accept(call: WebhookCall): Promise<Verdict> {
    const about = { bot: call.botUsername.slice(0, usernameCharsMax), requestId: call.requestId };
    const drop = (reason: string): Verdict => {
      updates.inc({ type: "unknown", result: "dropped" });
      log.warn({ ...about, reason }, "a Telegram webhook call was dropped");
      return "done";
    };
    const door = call.botUsername.length > usernameCharsMax ? null : await doors.get(call.botUsername);
    if (door === null) return drop("unknown bot");
    if (!opens(door, call.secret)) return drop("wrong secret");
    const update = parseUpdate(call.body);
    if (update === null) return drop("not an update");
    const type = update.type ?? "unknown";
    if (update.kind === "other") {
      updates.inc({ type, result: "ignored" });
      return "done";
    }
    const reply = await deliver(door, update, call.requestId);
    if (reply.kind === "done") {
      updates.inc({ type, result: reply.duplicate ? "duplicate" : "stored" });
      return "done";
    }
    const { code } = reply.fault;
    if (code === "overloaded" || code === "unavailable") {
      updates.inc({ type, result: "later" });
      return "later";
    }
    // It would be refused for ever and hold up the chat at Telegram; `internal` lies in the dead letters (L8).
    updates.inc({ type, result: "refused" });
    log.error({ ...about, code, updateId: update.updateId }, "a Telegram message was refused");
    return "done";
  }

  async function deliver(door: WebhookDoor, update: MessageUpdate, requestId: string): Promise<Reply> {
    const key = `telegram:${door.botId}:${update.message.chat.id}` as const;
    // Wrapped, so that the line waits until the command is submitted and not for its commit.
    const submitted = await lines.enter(key, update.updateId, async () => {
      const [chatId, senderId] = await Promise.all([chats.get(key), senders.get(senderOf(update.message))]);
      if (chatId === null || senderId === null) throw new Fault("unavailable");
      const place = { botId: door.botId, ownerId: door.ownerId, chatId, senderId };
      const command = commandOfUpdate(update, place, requestId);
      const reply = commands.submit(command, { timeoutMs: options.commandTimeoutMs });
      // Heard of below; here only lest it be unhandled while the line is left.
      reply.catch(() => undefined);
      return { reply };
    });
    return submitted.reply;
  }

  return {
    accept: async (call) => {
      try {
        return await accept(call);
      } catch (error) {
        updates.inc({ type: "unknown", result: "later" });
        log.error({ err: error, requestId: call.requestId }, "a Telegram webhook call could not be stored");
        return "later";
      }
    },
  };
}

/** In constant time: digests have one length, whatever was sent. */
function opens(door: WebhookDoor, secret: string): boolean {
  return timingSafeEqual(createHash("sha256").update(secret).digest(), door.secretDigest);
}
