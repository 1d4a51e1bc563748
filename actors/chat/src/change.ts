/** What becomes of a message after it was sent. What is so already is done, and takes no rev. */
import { type AddressedCommand, type ChatCommand, limits, type Seq, type UserId } from "@rookery/protocol";
import type { MessageDetail, StoredMessage } from "@rookery/store";
import { Draft } from "./draft.ts";
import type { ChatFacts } from "./facts.ts";
import { editRefusal, queueChange } from "./outgoing.ts";
import { forbiddenTo, may, maySend, roleOf } from "./permission.ts";
import { recentMessage } from "./recollection.ts";
import { type Decided, noMessage, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

/** Who wrote it may write it anew, as long as they may write there at all. */
export function edit(
  state: ChatState | null,
  command: AddressedCommand,
  asked: Asked<"edit">,
  nowMs: number,
): Decided {
  const refusal = maySend(state, command);
  if (state === null || refusal !== null) return refusal ?? notFound();
  const message = livingMessage(state, asked.seq);
  if (message === undefined) return noMessage();
  if (message.senderId !== command.senderId || message.kind === "service") {
    return refused("forbidden", "only one's own messages can be edited");
  }
  if (message.kind === "poll") return refused("forbidden", "a poll cannot be edited");
  const unfit = state.type === "telegram" ? editRefusal(message, asked) : null;
  if (unfit !== null) return unfit;
  const { seq, body, entities = [] } = asked;
  const { entities: _, ...others } = message.detail ?? {};
  const detail: MessageDetail = entities.length === 0 ? others : { ...others, entities };
  const draft = new Draft(state, nowMs);
  draft.amend(message, { body, detail, editedAt: nowMs }, (rev) => ({
    type: "MessageEdited",
    chatId: state.id,
    seq,
    rev,
    body,
    entities,
    editedAt: nowMs,
  }));
  const { requestId } = command;
  queueChange(draft, "edit", { ...message, body, detail }, { requestId, nowMs });
  return draft.changed(command, seq);
}

/**
 * What is deleted leaves a tombstone: its place, its sender and its time. In the private chat with a person a bot deletes what
 * they wrote, too, as at Telegram.
 */
export function remove(
  state: ChatState | null,
  command: AddressedCommand,
  { seq }: Asked<"delete">,
  { facts, nowMs }: { readonly facts: ChatFacts; readonly nowMs: number },
): Decided {
  const role = roleOf(state, command);
  if (state === null || role === null) return notFound();
  const message = recentMessage(state.recent, seq);
  if (message === undefined) return noMessage();
  if (message.kind === "service") return refused("forbidden", "what the chat itself says stays");
  const isBots = state.type === "direct" && facts.nativeBots.has(command.senderId);
  if (message.senderId !== command.senderId && !isBots && !may(state, command, "delete_messages", nowMs)) {
    return refused("forbidden", "only the owner and admins can delete others' messages");
  }
  const draft = new Draft(state, nowMs);
  if (message.deletedAt === null) {
    const sentRev = message.detail?.sentRev ?? message.rev;
    draft.amend(message, { body: "", detail: { sentRev }, deletedAt: nowMs }, (rev) => ({
      type: "MessageDeleted",
      chatId: state.id,
      seq,
      rev,
    }));
    const { requestId } = command;
    queueChange(draft, "delete", message, { requestId, nowMs });
  }
  return draft.changed(command, seq);
}

/** Whoever is in the chat may react, readers too; each emoji once a person. */
export function react(
  state: ChatState | null,
  command: AddressedCommand,
  { seq, emoji, remove: isRemoval }: Asked<"react">,
  nowMs: number,
): Decided {
  const { senderId: userId } = command;
  if (state?.members.has(userId) !== true) return notFound();
  const message = livingMessage(state, seq);
  if (message === undefined) return noMessage();
  if (message.kind === "service") return refused("forbidden", "nobody reacts to what the chat itself says");
  const role = roleOf(state, command);
  if (
    !isRemoval &&
    state.type === "group" &&
    role === "member" &&
    forbiddenTo(state, userId, nowMs).has("react_to_messages")
  ) {
    return refused("forbidden", "you may not react here");
  }
  const reactions = message.detail?.reactions ?? {};
  const userIds = reactions[emoji] ?? [];
  const draft = new Draft(state, nowMs);
  if (userIds.includes(userId) !== isRemoval) return draft.changed(command, seq);
  if (!isRemoval) {
    const emojis = Object.values(reactions);
    if (userIds.length === 0 && emojis.length >= limits.emojisMax) {
      return refused("invalid", `a message has at most ${limits.emojisMax} different emoji`);
    }
    if (emojis.reduce((sum, each) => sum + each.length, 0) >= limits.reactionsMax) {
      return refused("invalid", `a message has at most ${limits.reactionsMax} reactions`);
    }
  }
  amendReaction(draft, message, { userId, emoji, isRemoval });
  return draft.changed(command, seq);
}

/** All that somebody said so of a message, taken away by another. */
export function unreact(
  state: ChatState | null,
  command: AddressedCommand,
  { seq, userId }: Asked<"unreact">,
  nowMs: number,
): Decided {
  if (state === null || roleOf(state, command) === null) return notFound();
  if (state.type === "direct" || !may(state, command, "delete_messages", nowMs)) {
    return refused("forbidden", "only the owner and admins can take others' reactions away");
  }
  if (livingMessage(state, seq) === undefined) return noMessage();
  const draft = new Draft(state, nowMs);
  for (;;) {
    const message = livingMessage(draft.state, seq);
    const reactions = message?.detail?.reactions ?? {};
    const emoji = Object.keys(reactions).find((each) => reactions[each]?.includes(userId));
    if (message === undefined || emoji === undefined) return draft.changed(command, seq);
    amendReaction(draft, message, { userId, emoji, isRemoval: true });
  }
}

/** One emoji of somebody more or less. */
function amendReaction(
  draft: Draft,
  message: StoredMessage,
  {
    userId,
    emoji,
    isRemoval,
  }: { readonly userId: UserId; readonly emoji: string; readonly isRemoval: boolean },
): void {
  const { reactions = {}, ...rest } = message.detail ?? {};
  const { [emoji]: userIds = [], ...others } = reactions;
  const left = isRemoval ? userIds.filter((each) => each !== userId) : [...userIds, userId];
  const next = left.length === 0 ? others : { ...reactions, [emoji]: left };
  const detail = Object.keys(next).length === 0 ? rest : { ...rest, reactions: next };
  const { chatId, seq } = message;
  draft.amend(message, { detail }, (rev) => ({
    type: "Reaction",
    chatId,
    seq,
    rev,
    userId,
    emoji,
    remove: isRemoval,
  }));
}

/** Owner and admins pin; between two people both do. */
export function pin(
  state: ChatState | null,
  command: AddressedCommand,
  { seq, remove: isRemoval }: Asked<"pin">,
  nowMs: number,
): Decided {
  const role = roleOf(state, command);
  if (state === null || role === null) return notFound();
  if (state.type !== "direct" && !may(state, command, "pin_messages", nowMs)) {
    return refused("forbidden", "only the owner and admins can pin");
  }
  const message = livingMessage(state, seq);
  if (message === undefined) return noMessage();
  const draft = new Draft(state, nowMs);
  const { pinned = false, ...rest } = message.detail ?? {};
  if (pinned !== isRemoval) return draft.changed(command, seq);
  const detail: MessageDetail = isRemoval ? rest : { ...rest, pinned: true };
  draft.amend(message, { detail }, (rev) => ({
    type: "Pinned",
    chatId: state.id,
    seq,
    rev,
    remove: isRemoval,
  }));
  return draft.changed(command, seq);
}

/** A message that is there and was not deleted. */
export function livingMessage(state: ChatState, seq: Seq): StoredMessage | undefined {
  const message = recentMessage(state.recent, seq);
  return message === undefined || message.deletedAt !== null ? undefined : message;
}
