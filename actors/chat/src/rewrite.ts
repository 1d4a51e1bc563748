/** What bots of ours do with their own messages, and people do not. */
import { isDeepStrictEqual } from "node:util";
import type { AddressedCommand, ChatCommand } from "@rookery/protocol";
import type { MessageDetail, StoredMessage } from "@rookery/store";
import { livingMessage } from "./change.ts";
import { Draft } from "./draft.ts";
import { maySend } from "./permission.ts";
import { endPoll } from "./poll.ts";
import { type Decided, noMessage, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

/**
 * A message is written anew in all its parts: what is not said stays, what is null goes. What would change nothing is
 * refused as `conflict`, for a bot is told so; a repeat of what did change something is not (L3).
 */
export function rewrite(
  state: ChatState | null,
  command: AddressedCommand,
  asked: Asked<"rewrite">,
  nowMs: number,
): Decided {
  const message = state === null ? undefined : livingMessage(state, asked.seq);
  const refusal = refuse(state, command, message);
  if (state === null || message === undefined || refusal !== null) return refusal ?? noMessage();
  if (message.kind === "poll" && asked.body !== undefined) {
    return refused("forbidden", "a poll cannot be written anew");
  }
  if (asked.location !== undefined && message.detail?.extra?.live?.isStopped === true) {
    return refused("forbidden", "the place is told no more");
  }
  const { entities, attachments, keyboard, location, extra } = asked;
  const body = asked.body ?? message.body;
  const kind = asked.messageKind ?? message.kind;
  const said = { entities, attachments, keyboard, location, extra };
  const detail = amended(message.detail ?? {}, said);
  const isSame =
    body === message.body && kind === message.kind && isDeepStrictEqual(detail, message.detail ?? {});
  if (isSame) return refused("conflict", "the message is so already");
  const draft = new Draft(state, nowMs);
  draft.amend(message, { body, kind, detail, editedAt: nowMs }, (rev) => ({
    type: "MessageEdited",
    chatId: state.id,
    seq: message.seq,
    rev,
    body,
    entities: detail.entities ?? [],
    editedAt: nowMs,
    keyboard: detail.keyboard ?? { rows: [] },
    attachments: detail.attachments ?? [],
    ...(detail.location === undefined ? {} : { location: detail.location }),
    kind,
  }));
  return draft.changed(command, message.seq);
}

/** A poll takes no more votes. */
export function closePoll(
  state: ChatState | null,
  command: AddressedCommand,
  { seq, keyboard }: Asked<"closePoll">,
  nowMs: number,
): Decided {
  const message = state === null ? undefined : livingMessage(state, seq);
  const refusal = refuse(state, command, message);
  if (state === null || message === undefined || refusal !== null) return refusal ?? noMessage();
  const poll = message.detail?.poll;
  if (poll === undefined) return refused("invalid", "seq: the message is no poll");
  if (poll.closed === true) return refused("conflict", "the poll is closed already");
  const draft = new Draft(state, nowMs);
  endPoll(draft, message, poll, amended({ ...message.detail }, { keyboard }));
  return draft.changed(command, seq);
}

/** Only one's own, where one may still write; null: go on. */
function refuse(
  state: ChatState | null,
  command: AddressedCommand,
  message: StoredMessage | undefined,
): Decided | null {
  // What was sent by way of a bot it may change, wherever that is.
  if (state?.type !== "telegram" && message?.detail?.viaBotId === command.senderId) return null;
  const refusal = maySend(state, command);
  if (state === null || refusal !== null) return refusal ?? notFound();
  if (state.type === "telegram") return refused("forbidden", "this is for bots of ours");
  if (message === undefined) return noMessage();
  if (message.senderId === command.senderId && message.kind !== "service") return null;
  return refused("forbidden", "only one's own messages can be written anew");
}

/** Empty lists and null are left out, as in a message that never had them. */
function amended(
  detail: MessageDetail,
  said: { readonly [K in keyof MessageDetail]?: MessageDetail[K] | null | undefined },
): MessageDetail {
  const next: Record<string, unknown> = { ...detail };
  for (const [part, value] of Object.entries(said)) {
    if (value === undefined) continue;
    if (value === null || (Array.isArray(value) && value.length === 0)) delete next[part];
    else next[part] = value;
  }
  return next;
}
