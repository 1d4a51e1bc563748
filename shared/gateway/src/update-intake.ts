import { createHash, timingSafeEqual } from "node:crypto";
import { Fault, type Reply, type UserId } from "@rookery/protocol";
import { Counter, type Log, type Registry } from "@rookery/runtime";
import {
  ensureTelegramUser,
  linkChat,
  readPollPlace,
  readWebhookDoor,
  reserveChat,
  type Store,
  type WebhookDoor,
} from "@rookery/store";
import { chatOf, parseUpdate, senderOf, type TelegramSender, type TelegramUpdate } from "@rookery/telegram";
import { openChatLines } from "./chat-line.ts";
import type { CommandGateway } from "./gateway.ts";
import { openLookup } from "./lookup.ts";
import { commandOfUpdate, moveOf } from "./update-command.ts";

/** A webhook call as it came. */
interface WebhookCall {
  readonly botUsername: string;
  /** Empty when the header is missing. */
  readonly secret: string;
  readonly body: string;
  readonly requestId: string;
}

/** `done`: Telegram need not come again. `later`: nothing is known to be stored, it has to. */
export type Verdict = "done" | "later";

export interface UpdateIntake {
  /** Never throws. `done` for an update only after the commit that holds it (L1). */
  accept(call: WebhookCall): Promise<Verdict>;
  /** Never throws. As `accept`, of an update that was asked for. */
  take(bot: UpdateOwner, update: TelegramUpdate, requestId: string): Promise<Verdict>;
}

/** The bot that an update is for. */
export type UpdateOwner = Pick<WebhookDoor, "botId" | "ownerId" | "routed">;

interface UpdateIntakeOptions {
  readonly store: Store;
  readonly commands: Pick<CommandGateway, "submit">;
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

export function openUpdateIntake(options: UpdateIntakeOptions): UpdateIntake {
  const { store, commands, now, log, metrics } = options;
  const updates = new Counter({
    name: "rookery_telegram_updates_total",
    help: "Updates of Telegram, by webhook or polling: stored, duplicate, dropped, refused, later",
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
  const senders = openLookup<{ readonly sender: TelegramSender; readonly ownerId: UserId }, number>({
    entriesMax: sendersMax,
    lifeMs: senderLifeMs,
    now,
    keyOf: (seen) => JSON.stringify(seen),
    load: ({ sender, ownerId }) => ensureTelegramUser(store, sender, { ownerId, nowMs: now() }),
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
    return await keep(door, update, call.requestId);
  }

  async function keep(bot: UpdateOwner, update: TelegramUpdate, requestId: string): Promise<Verdict> {
    const type = update.type ?? "unknown";
    const reply = await deliver(bot, update, requestId);
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
    log.error(
      { botId: bot.botId, code, requestId, updateId: update.updateId },
      "a Telegram update was refused",
    );
    return "done";
  }

  async function deliver(bot: UpdateOwner, update: TelegramUpdate, requestId: string): Promise<Reply> {
    const { botId, ownerId, routed } = bot;
    const move = moveOf(update);
    // The new group's updates are the old one's chat's; the line is that of the id they came under.
    if (move !== null) {
      await chats.get(chatKey(botId, move.from));
      await linkChat(store, chatKey(botId, move.from), chatKey(botId, move.to));
    }
    const chat = chatOf(update);
    const sender = whoOf(update);
    const key = chat === null ? null : chatKey(botId, chat.id);
    const line = key ?? `bot:${botId}:${sender?.telegramId ?? ""}`;
    const news = update.kind === "bot" ? update.poll : null;
    const poll = news === null ? null : await readPollPlace(store, botId, news.pollId);
    // Whoever votes that early saw it before we were told its id: a moment later we are.
    if (poll?.kind === "leaving") throw new Fault("unavailable");
    // Wrapped, so that the line waits until the command is submitted and not for its commit.
    const submitted = await lines.enter(line, update.updateId, async () => {
      const [chatId, senderId] = await Promise.all([
        key === null ? null : chats.get(key),
        sender === null ? botId : senders.get({ sender, ownerId }),
      ]);
      if ((chatId === null && key !== null) || senderId === null) throw new Fault("unavailable");
      const place = {
        botId,
        ownerId,
        routed,
        chatId: poll?.chatId ?? chatId,
        pollSeq: poll?.seq ?? null,
        senderId,
      };
      const command = commandOfUpdate(update, place, requestId);
      const reply = commands.submit(command, { timeoutMs: options.commandTimeoutMs });
      // Heard of below; here only lest it be unhandled while the line is left.
      reply.catch(() => undefined);
      return { reply };
    });
    return submitted.reply;
  }

  const safely = async (requestId: string, work: () => Promise<Verdict>): Promise<Verdict> => {
    try {
      return await work();
    } catch (error) {
      updates.inc({ type: "unknown", result: "later" });
      log.error({ err: error, requestId }, "a Telegram update could not be stored");
      return "later";
    }
  };

  return {
    accept: (call) => safely(call.requestId, () => accept(call)),
    take: (bot, update, requestId) => safely(requestId, () => keep(bot, update, requestId)),
  };
}

function chatKey(botId: UserId, telegramChatId: number): `telegram:${number}:${number}` {
  return `telegram:${botId}:${telegramChatId}`;
}

function whoOf(update: TelegramUpdate): TelegramSender | null {
  return update.kind === "message" ? senderOf(update.message) : update.sender;
}

/** In constant time: digests have one length, whatever was sent. */
function opens({ secretDigest, previousDigest }: WebhookDoor, secret: string): boolean {
  const digest = createHash("sha256").update(secret).digest();
  const isCurrent = timingSafeEqual(digest, secretDigest);
  const isPrevious = previousDigest !== null && timingSafeEqual(digest, previousDigest);
  return isCurrent || isPrevious;
}
