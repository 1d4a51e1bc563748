/** What a chat hears of Telegram. */
import type {
  AddressedCommand,
  Birth,
  ChatCommand,
  IncomingUpdate,
  Seq,
  TelegramUpdateJob,
} from "@rookery/protocol";
import { bear } from "./birth.ts";
import { Draft } from "./draft.ts";
import { isGone } from "./outgoing.ts";
import { recentMessage } from "./recollection.ts";
import { applyChange } from "./telegram-change.ts";
import { type Decided, noMessage, notFound } from "./refusal.ts";
import type { ChatState } from "./state.ts";
import { followTitle } from "./title.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

/** An update is kept as it came; where somebody here answers the bot's people it is a job too. */
export function keepUpdate(
  draft: Draft,
  { update, requestId }: { readonly update: IncomingUpdate; readonly requestId: string | undefined },
  seq: Seq | null,
  nowMs: number,
): void {
  const { routed, ...told } = update;
  const job: TelegramUpdateJob = {
    ...told,
    chatId: draft.state.id,
    seq,
    state: routed ? "pending" : "kept",
    createdMs: nowMs,
    ...(requestId === undefined ? {} : { requestId }),
  };
  if (!routed) draft.keep({ table: "telegramUpdate", row: job });
  else draft.job({ kind: "telegramUpdate", owner: { kind: "bot", id: update.botId }, job });
}

/** Somebody wrote there. Who blocked the bot cannot: they are back, also where nobody said so. */
export function heardFrom(draft: Draft, { title }: Birth): void {
  followTitle(draft, title);
  const { telegram } = draft.state;
  if (telegram !== null && telegram.chatId > 0 && isGone(telegram)) draft.telegram({ status: "member" });
}

/** Something of Telegram's that is no message: kept, so that it is once, and routed in the chat's order. */
export function takeUpdate(
  state: ChatState | null,
  command: AddressedCommand,
  { update, birth, change }: Asked<"update">,
  nowMs: number,
): Decided {
  if (command.source !== "telegram") return notFound();
  if (state === null && birth === undefined) return notFound();
  const draft =
    state === null && birth !== undefined
      ? bear(command, birth, nowMs)
      : new Draft(state as ChatState, nowMs);
  if (birth !== undefined) followTitle(draft, birth.title);
  const seq = change === undefined ? null : applyChange(draft, command.senderId, change, nowMs);
  keepUpdate(draft, { update, requestId: command.requestId }, seq, nowMs);
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
  // What was deleted meanwhile is a tombstone, wherever it came.
  if (message.deletedAt !== null || message.detail?.telegram?.state === telegram.state)
    return draft.done({ kind: "noted" });
  draft.amend(message, { detail: { ...message.detail, telegram } }, (rev) => ({
    type: "MessageSettled",
    chatId: state.id,
    seq,
    rev,
    telegram,
  }));
  return draft.done({ kind: "noted" });
}
