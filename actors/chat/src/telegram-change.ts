/** What happens at Telegram to messages and the chat itself; what is so already takes no rev. */
import { isDeepStrictEqual } from "node:util";
import { limits, type Seq, type TelegramChange, type UserId } from "@rookery/protocol";
import type { MessageDetail, StoredMessage } from "@rookery/store";
import { livingMessage } from "./change.ts";
import type { Draft } from "./draft.ts";
import { castVote, endPoll } from "./poll.ts";
import { recentTelegramMessage } from "./recollection.ts";

/**
 * Telegram has decided: nobody's rights are looked at.
 * @returns the place of the message that it is about; null when it is about none, or one that we never had.
 */
export function applyChange(
  draft: Draft,
  senderId: UserId,
  change: TelegramChange,
  nowMs: number,
): Seq | null {
  switch (change.kind) {
    case "membership":
      draft.telegram({ status: change.status });
      return null;
    case "moved":
      draft.telegramMoved(change.telegramChatId);
      return null;
    case "vote":
    case "pollClosed": {
      const message = livingMessage(draft.state, change.seq);
      const poll = message?.detail?.poll;
      if (message === undefined || poll === undefined || poll.closed === true) return null;
      if (change.kind === "pollClosed") endPoll(draft, message, poll);
      else castVote(draft, message, poll, { userId: senderId, options: change.options });
      return message.seq;
    }
    case "edit":
    case "react": {
      const message = recentTelegramMessage(draft.state.recent, change.messageId);
      if (message === undefined || message.deletedAt !== null) return null;
      if (change.kind === "edit") edit(draft, message, change, nowMs);
      else react(draft, message, senderId, change.emojis);
      return message.seq;
    }
  }
}

/** Text and spans, the file, the place. What else Telegram lets be edited is in the raw update. */
function edit(
  draft: Draft,
  message: StoredMessage,
  { body, entities, messageKind, attachments, location }: Extract<TelegramChange, { kind: "edit" }>,
  nowMs: number,
): void {
  const { entities: _, ...others } = message.detail ?? {};
  // A kind whose message is nothing without a content of its own stays what it is.
  const isOfFile = attachments !== undefined && message.detail?.attachments !== undefined;
  const kind = isOfFile && messageKind !== undefined ? messageKind : message.kind;
  const changed = {
    ...(attachments === undefined ? {} : { attachments }),
    ...(location === undefined || kind !== "location" ? {} : { location }),
  };
  const detail: MessageDetail = { ...others, ...(entities.length === 0 ? {} : { entities }), ...changed };
  const isSame = message.body === body && message.kind === kind;
  if (isSame && isDeepStrictEqual(detail, message.detail ?? {})) return;
  const { chatId, seq } = message;
  draft.amend(message, { kind, body, detail, editedAt: nowMs }, (rev) => ({
    type: "MessageEdited",
    chatId,
    seq,
    rev,
    body,
    entities: [...entities],
    editedAt: nowMs,
    ...changed,
    ...(kind === message.kind ? {} : { kind }),
  }));
}

/** One change for each emoji that came or went; beyond what a message holds, none. */
function react(draft: Draft, before: StoredMessage, userId: UserId, emojis: readonly string[]): void {
  let message = before;
  const given = Object.entries(message.detail?.reactions ?? {});
  const gone = given.flatMap(([emoji, userIds]) =>
    userIds.includes(userId) && !emojis.includes(emoji) ? [emoji] : [],
  );
  for (const emoji of gone) message = put(draft, message, { userId, emoji, remove: true });
  for (const emoji of emojis) {
    const reactions = message.detail?.reactions ?? {};
    const userIds = reactions[emoji] ?? [];
    const count = Object.values(reactions).reduce((sum, each) => sum + each.length, 0);
    const isNew = userIds.length === 0;
    const isFull =
      count >= limits.reactionsMax || (isNew && Object.keys(reactions).length >= limits.emojisMax);
    if (!userIds.includes(userId) && !isFull) message = put(draft, message, { userId, emoji, remove: false });
  }
}

interface Reaction {
  readonly userId: UserId;
  readonly emoji: string;
  readonly remove: boolean;
}

/** @returns the message as it is then. */
function put(draft: Draft, message: StoredMessage, { userId, emoji, remove }: Reaction): StoredMessage {
  const { reactions = {}, ...rest } = message.detail ?? {};
  const { [emoji]: userIds = [], ...others } = reactions;
  const left = remove ? userIds.filter((each) => each !== userId) : [...userIds, userId];
  const next = left.length === 0 ? others : { ...reactions, [emoji]: left };
  const detail = Object.keys(next).length === 0 ? rest : { ...rest, reactions: next };
  const { chatId, seq } = message;
  draft.amend(message, { detail }, (rev) => ({ type: "Reaction", chatId, seq, rev, userId, emoji, remove }));
  return { ...message, detail: { ...detail, sentRev: message.detail?.sentRev ?? message.rev } };
}
