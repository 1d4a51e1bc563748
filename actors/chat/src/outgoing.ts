/** What a chat of Telegram's has to tell there: messages and changes of them, each after all that went before it. */
import type {
  AddressedCommand,
  ChatCommand,
  Keyboard,
  OutgoingMessage,
  PollDraft,
  TelegramSend,
  TelegramState,
} from "@rookery/protocol";
import type { MessageDetail, StoredMessage, TelegramPlace } from "@rookery/store";
import { Draft } from "./draft.ts";
import { recentMessage, recentTelegramMessage } from "./recollection.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

/** UTF-16 units of a text, and of one beside a file. */
const textMax = 4_096;
const captionMax = 1_024;
/** Of a poll. */
const questionMax = 300;
const optionMax = 100;
const optionsMax = 12;

/** Why Telegram would not take it; null: it would. */
export function telegramRefusal({ body, attachments = [], ...asked }: Asked<"send">): Decided | null {
  if (attachments.length > 1) return refused("invalid", "attachments: one a message goes to Telegram");
  const hasContent = [asked.poll, asked.location, asked.contact].some((each) => each !== undefined);
  if (body === "" && attachments.length === 0 && !hasContent) {
    return refused("invalid", "body: there is nothing to send to Telegram");
  }
  if (asked.messageKind === "e2ee") {
    return refused("invalid", "kind: ciphertext means nothing to Telegram");
  }
  return (
    (asked.poll === undefined ? null : pollRefusal(asked.poll)) ?? lengthRefusal(body, attachments.length > 0)
  );
}

function pollRefusal({ question, options }: PollDraft): Decided | null {
  const tells = (what: string): Decided => refused("invalid", `poll: Telegram takes at most ${what}`);
  if (question.length > questionMax) return tells(`${questionMax} characters of a question`);
  if (options.length > optionsMax) return tells(`${optionsMax} options`);
  return options.some((option) => option.length > optionMax)
    ? tells(`${optionMax} characters of an option`)
    : null;
}

/** The bot was blocked, or is not there any more: nothing arrives until it is back. */
export function isGone({ status }: TelegramPlace): boolean {
  return status === "kicked" || status === "left";
}

/** How a message stands that is to go to Telegram: on its way, or failed at once, in the words that Telegram would have. */
export function departure({ telegram }: ChatState): TelegramState {
  if (telegram === null || !isGone(telegram)) return { state: "queued" };
  const { chatId, status } = telegram;
  const blocked = chatId > 0 ? "bot was blocked by the user" : "bot was kicked from the chat";
  const reason = status === "kicked" ? blocked : "bot is not a member of the chat";
  return { state: "failed", error: `Forbidden: ${reason}` };
}

/** Why Telegram would not take the edit; null: it would. */
export function editRefusal({ kind, detail }: StoredMessage, { body }: Asked<"edit">): Decided | null {
  if (detail?.telegram?.state === "received") {
    return refused("forbidden", "what was written in Telegram is edited there");
  }
  if (kind === "location" || kind === "contact") return refused("forbidden", `a ${kind} cannot be edited`);
  const hasFile = (detail?.attachments ?? []).length > 0;
  if (body === "" && !hasFile) return refused("invalid", "body: there is nothing to send to Telegram");
  return lengthRefusal(body, hasFile);
}

function lengthRefusal(body: string, hasFile: boolean): Decided | null {
  const max = hasFile ? captionMax : textMax;
  return body.length > max
    ? refused("invalid", `body: Telegram takes at most ${max} characters there`)
    : null;
}

/** The message just drafted goes to Telegram too. */
export function queueSend(
  draft: Draft,
  asked: Asked<"send">,
  requestId: string | undefined,
  nowMs: number,
): void {
  const { id: chatId, telegram, headSeq: seq, recent } = draft.state;
  if (telegram === null) return;
  const answered = asked.replyTo === undefined ? undefined : recentMessage(recent, asked.replyTo);
  const isThere = answered !== undefined && answered.seq > (telegram.movedSeq ?? 0);
  const replyToMessageId = isThere ? answered.detail?.telegram?.messageId : undefined;
  const content: OutgoingMessage = {
    kind: asked.messageKind,
    body: asked.body,
    ...(asked.entities === undefined ? {} : { entities: asked.entities }),
    ...(asked.attachments === undefined ? {} : { attachments: asked.attachments }),
    ...(asked.poll === undefined ? {} : { poll: asked.poll }),
    ...(asked.location === undefined ? {} : { location: asked.location }),
    ...(asked.contact === undefined ? {} : { contact: asked.contact }),
    ...(asked.keyboard === undefined ? {} : { keyboard: asked.keyboard }),
    ...(replyToMessageId === undefined ? {} : { replyToMessageId }),
    ...(requestId === undefined ? {} : { requestId }),
  };
  const send = { action: "send", seq, messageId: null, bulk: asked.bulk ?? false, content } as const;
  queue(draft, { ...send, id: `${chatId}/${seq}` }, nowMs);
}

/** The message, as it is from here on, is to be so at Telegram too; nothing if it is not there, or not under an id that still counts. */
export function queueChange(
  draft: Draft,
  action: "edit" | "delete",
  message: StoredMessage,
  about: { readonly requestId: string | undefined; readonly nowMs: number },
): void {
  const { telegram } = draft.state;
  const there = message.detail?.telegram;
  if (telegram === null || there === undefined || message.seq <= (telegram.movedSeq ?? 0)) return;
  const { messageId = null, state } = there;
  if (messageId === null && state !== "queued") return;
  const { seq } = message;
  const content = action === "edit" ? contentOf(message, about.requestId) : { kind: "text", body: "" };
  change(draft, { action, seq, messageId, content }, about.nowMs);
}

/** The bot's own message, as its dialogues, routes and services have it from here on; here too, where it is one of ours. */
export function amend(
  state: ChatState | null,
  command: AddressedCommand,
  { messageId, body, keyboard, botId }: Asked<"amend">,
  nowMs: number,
): Decided {
  if (state?.telegram?.botId !== botId || command.senderId !== botId) return notFound();
  const draft = new Draft(state, nowMs);
  const message = recentTelegramMessage(state.recent, messageId);
  const { requestId } = command;
  if (message === undefined || message.detail?.telegram?.state === "received") {
    // None of the bot's here, or not yet: its own result may still be on its way. Telegram knows.
    const content = { kind: "text", body, ...inlineOf(keyboard) };
    change(draft, { action: "edit", seq: 0, messageId, content }, nowMs);
  } else if (message.deletedAt === null) {
    const { entities: _, keyboard: __, ...others } = message.detail ?? {};
    const detail: MessageDetail = { ...others, ...(keyboard === undefined ? {} : { keyboard }) };
    const { chatId, seq } = message;
    draft.amend(message, { body, detail, editedAt: nowMs }, (rev) => ({
      type: "MessageEdited",
      chatId,
      seq,
      rev,
      body,
      entities: [],
      editedAt: nowMs,
    }));
    queueChange(draft, "edit", { ...message, body, detail }, { requestId, nowMs });
  }
  return draft.changed(command, message?.seq);
}

function contentOf({ kind, body, detail }: StoredMessage, requestId: string | undefined): OutgoingMessage {
  const { entities, attachments, keyboard } = detail ?? {};
  return {
    kind,
    body,
    ...(entities === undefined ? {} : { entities }),
    ...(attachments === undefined ? {} : { attachments }),
    ...inlineOf(keyboard),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** An edit may have no other keyboard. */
function inlineOf(keyboard: Keyboard | undefined): { readonly keyboard?: Keyboard } {
  return keyboard !== undefined && (keyboard.place ?? "inline") === "inline" ? { keyboard } : {};
}

type What = Pick<TelegramSend, "id" | "action" | "seq" | "messageId" | "bulk" | "content">;

function change(draft: Draft, what: Omit<What, "id" | "bulk">, nowMs: number): void {
  const { id: chatId, telegram } = draft.state;
  queue(draft, { ...what, bulk: false, id: `${chatId}/change/${(telegram?.sentPlace ?? 0) + 1}` }, nowMs);
}

function queue(draft: Draft, what: What, nowMs: number): void {
  const { id: chatId, telegram } = draft.state;
  if (telegram === null) return;
  const { botId, chatId: telegramChatId, sentPlace: prevPlace = 0 } = telegram;
  const place = prevPlace + 1;
  draft.telegram({ sentPlace: place });
  draft.job({
    kind: "telegramSend",
    owner: { kind: "bot", id: botId },
    job: { ...what, botId, telegramChatId, chatId, place, prevPlace, createdMs: nowMs },
  });
}
