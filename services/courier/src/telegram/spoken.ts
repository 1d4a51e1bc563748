/** What a verdict's actions become: commands for the chat, and calls of Telegram's. Pure. */
import { createHash } from "node:crypto";
import type { BotAction, BotEvent, BotKeyboard, BotMessage, ChatCommand, Keyboard } from "@rookery/protocol";
import type { TelegramCall } from "@rookery/telegram";

/**
 * What a button says that Telegram would not take, or that is not to work for ever. Long payloads are named by what they say: said
 * twice, they are one. Those about an entity, or with a life of their own, are named by their place, so that buttons of later do not
 * bring back those of before.
 */
export interface NamedPayload {
  readonly token: string;
  readonly data: string;
  readonly entity: string | null;
  /** Null: as long as tokens are kept. */
  readonly lifeMs: number | null;
}

type BotCommand = Extract<ChatCommand, { kind: "send" | "amend" }>;

export interface Spoken {
  readonly commands: readonly BotCommand[];
  /** Answers to presses, after the commit. */
  readonly calls: readonly TelegramCall[];
  readonly payloads: readonly NamedPayload[];
  /** Entities whose buttons work no more. */
  readonly invalidated: readonly string[];
}

/** Telegram's, in bytes. */
const dataBytesMax = 64;
const tokenPattern = /^~[A-Za-z0-9_-]{22}$/;
/** UTF-16 units of a text, and of one beside a file. */
const textMax = 4_096;
const captionMax = 1_024;

export function isToken(data: string): boolean {
  return tokenPattern.test(data);
}

export function speak(event: BotEvent, actions: readonly BotAction[]): Spoken {
  const payloads: NamedPayload[] = [];
  const commands: BotCommand[] = [];
  const calls: TelegramCall[] = [];
  const invalidated: string[] = [];
  const { input } = event;
  const keysOf = (keyboard: BotKeyboard | undefined): { readonly keyboard?: Keyboard } =>
    keyboard === undefined ? {} : { keyboard: shorten(keyboard, payloads, event) };
  let isAnswered = false;
  for (const action of actions) {
    switch (action.kind) {
      case "send": {
        if (event.chatId === null || !hasContent(action.message)) break;
        commands.push(commandOf(event.botId, action.message, keysOf(action.message.keyboard)));
        break;
      }
      case "edit": {
        if (event.chatId === null) break;
        const { messageId } = action;
        const { keyboard } = keysOf(action.keyboard);
        const isInline = keyboard !== undefined && (keyboard.place ?? "inline") === "inline";
        commands.push({
          kind: "amend",
          botId: event.botId,
          messageId,
          body: cut(action.body, textMax),
          ...(isInline ? { keyboard } : {}),
        });
        break;
      }
      case "invalidate": {
        invalidated.push(action.entity);
        break;
      }
      case "answer": {
        if (input.kind !== "callback" || isAnswered) break;
        isAnswered = true;
        calls.unshift(noticeOf(input.queryId, action.text, action.alert ?? false));
        break;
      }
    }
  }
  // Who pressed sees that it was heard, also where nothing is said.
  if (input.kind === "callback" && !isAnswered) calls.unshift(noticeOf(input.queryId, "", false));
  return { commands, calls, payloads, invalidated };
}

function noticeOf(queryId: string, text: string, alert: boolean): TelegramCall {
  return {
    method: "answerCallbackQuery",
    params: {
      callback_query_id: queryId,
      ...(text === "" ? {} : { text: cut(text, 200) }),
      ...(alert ? { show_alert: true } : {}),
    },
  };
}

function hasContent({ body, file }: BotMessage): boolean {
  return file !== undefined || /\S/.test(body);
}

function commandOf(
  botId: number,
  { body, entities, file }: BotMessage,
  keys: { readonly keyboard?: Keyboard },
): Extract<ChatCommand, { kind: "send" }> {
  return {
    kind: "send",
    botId,
    messageKind: file?.kind ?? "text",
    body: cut(body, file === undefined ? textMax : captionMax),
    ...(entities === undefined ? {} : { entities }),
    ...(file === undefined ? {} : { attachments: [{ fileId: file.fileId, kind: file.kind }] }),
    ...keys,
  };
}

function shorten(
  { rows, ...keyboard }: BotKeyboard,
  payloads: NamedPayload[],
  { botId, updateId }: BotEvent,
): Keyboard {
  return {
    ...keyboard,
    rows: rows.map(({ buttons }) => ({
      buttons: buttons.map(({ entity = null, lifeMs = null, ...button }) => {
        const { data } = button;
        if (data === undefined) return button;
        const isBound = entity !== null || lifeMs !== null;
        // What looks like a token would be taken for one.
        if (!isBound && Buffer.byteLength(data) <= dataBytesMax && !isToken(data)) return button;
        const name = isBound ? JSON.stringify([botId, updateId, payloads.length, data]) : data;
        const token = `~${createHash("sha256").update(name).digest("base64url").slice(0, 22)}`;
        payloads.push({ token, data, entity, lifeMs });
        return { ...button, data: token };
      }),
    })),
  };
}

/** Between characters. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
}
