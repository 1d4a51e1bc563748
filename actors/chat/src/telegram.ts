/** What a chat of Telegram's has to tell there, and what is heard of it. */
import type {
  AddressedCommand,
  ChatCommand,
  IncomingUpdate,
  OutgoingMessage,
  Seq,
  TelegramUpdateJob,
} from "@rookery/protocol";
import { bear } from "./birth.ts";
import { Draft } from "./draft.ts";
import { recentMessage } from "./recollection.ts";
import { applyChange } from "./telegram-change.ts";
import { type Decided, noMessage, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

/** UTF-16 units of a text, and of one beside a file. */
const textMax = 4_096;
const captionMax = 1_024;

/** Why Telegram would not take it; null: it would. */
export function telegramRefusal({ body, attachments = [], ...asked }: Asked<"send">): Decided | null {
  const max = attachments.length > 0 ? captionMax : textMax;
  if (body.length > max) return refused("invalid", `body: Telegram takes at most ${max} characters there`);
  if (attachments.length > 1) return refused("invalid", "attachments: one a message goes to Telegram");
  const hasContent = [asked.poll, asked.location, asked.contact].some((each) => each !== undefined);
  if (body === "" && attachments.length === 0 && !hasContent) {
    return refused("invalid", "body: there is nothing to send to Telegram");
  }
  if (asked.messageKind === "e2ee") {
    return refused("invalid", "kind: ciphertext means nothing to Telegram");
  }
  return null;
}

/** The message just drafted goes to Telegram too, after all that went before it. */
export function queueSend(
  draft: Draft,
  asked: Asked<"send">,
  requestId: string | undefined,
  nowMs: number,
): void {
  const { id: chatId, telegram, headSeq: seq, recent } = draft.state;
  if (telegram === null) return;
  const { botId, chatId: telegramChatId, sentSeq: prevSeq = 0, movedSeq = 0 } = telegram;
  const answered = asked.replyTo === undefined ? undefined : recentMessage(recent, asked.replyTo);
  const isThere = answered !== undefined && answered.seq > movedSeq;
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
  draft.telegram({ sentSeq: seq });
  draft.job({
    kind: "telegramSend",
    owner: { kind: "bot", id: botId },
    job: {
      id: `${chatId}/${seq}`,
      botId,
      telegramChatId,
      chatId,
      seq,
      prevSeq,
      bulk: asked.bulk ?? false,
      content,
      createdMs: nowMs,
    },
  });
}

/** An update is kept as it came; where somebody here answers the bot's people it is a job too. */
export function keepUpdate(draft: Draft, update: IncomingUpdate, seq: Seq | null, nowMs: number): void {
  const { routed, ...told } = update;
  const job: TelegramUpdateJob = {
    ...told,
    chatId: draft.state.id,
    seq,
    state: routed ? "pending" : "kept",
    createdMs: nowMs,
  };
  if (!routed) draft.keep({ table: "telegramUpdate", row: job });
  else draft.job({ kind: "telegramUpdate", owner: { kind: "bot", id: update.botId }, job });
}

/** Something of Telegram's that is no message: kept, so that it is once, and routed in the chat's order. */
export function takeUpdate(
  state: ChatState | null,
  command: AddressedCommand,
  { update, birth, change }: Asked<"update">,
  nowMs: number,
): Decided {
  if (command.source !== "telegram") return notFound();
  const draft = state === null ? bear(command, birth, nowMs) : new Draft(state, nowMs);
  const seq = change === undefined ? null : applyChange(draft, command.senderId, change, nowMs);
  keepUpdate(draft, update, seq, nowMs);
  const outcome = { kind: "noted" } as const;
  draft.remember(command.senderId, command.uuid, outcome);
  return draft.done(outcome);
}

/** The group is a supergroup, as the courier was told. */
export function moved(
  state: ChatState | null,
  { source }: AddressedCommand,
  { telegramChatId }: Asked<"moved">,
  nowMs: number,
): Decided {
  if (state === null || source !== "service") return notFound();
  const draft = new Draft(state, nowMs);
  draft.telegramMoved(telegramChatId);
  return draft.done({ kind: "noted" });
}

/** What became of a message on its way there. Said again, it changes nothing. */
export function settle(
  state: ChatState | null,
  { source }: AddressedCommand,
  { seq, telegram }: Asked<"settle">,
  nowMs: number,
): Decided {
  if (state === null || source !== "service") return notFound();
  const message = recentMessage(state.recent, seq);
  if (message === undefined) return noMessage();
  const draft = new Draft(state, nowMs);
  if (message.detail?.telegram?.state === telegram.state) return draft.done({ kind: "noted" });
  draft.amend(message, { detail: { ...message.detail, telegram } }, (rev) => ({
    type: "MessageSettled",
    chatId: state.id,
    seq,
    rev,
    telegram,
  }));
  return draft.done({ kind: "noted" });
}
