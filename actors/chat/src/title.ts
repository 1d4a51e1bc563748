import type { AddressedCommand } from "@rookery/protocol";
import { Draft } from "./draft.ts";
import { may, roleOf } from "./permission.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

export function rename(
  state: ChatState | null,
  command: AddressedCommand,
  title: string,
  nowMs: number,
): Decided {
  const { senderId } = command;
  const role = roleOf(state, command);
  if (state === null || role === null) return notFound();
  if (state.type !== "group" && state.type !== "channel") {
    return refused("forbidden", `a ${state.type} chat has no title of its own`);
  }
  if (!may(state, command, "change_info", nowMs)) {
    return refused("forbidden", "only the owner and admins can rename");
  }
  if (state.title === title) return new Draft(state, nowMs).changed(command);
  const draft = new Draft(state, nowMs);
  entitle(draft, title);
  draft.service(senderId, { action: "renamed", userIds: [], title });
  return draft.changed(command);
}

/** Telegram knows the chat by this name now: a group's title, a person's name. Null where it tells none. */
export function followTitle(draft: Draft, title: string | null): void {
  if (title !== null && title !== draft.state.title) entitle(draft, title);
}

function entitle(draft: Draft, title: string): void {
  draft.state = { ...draft.state, title };
  tellOfChat(draft);
}

/** The chat's readers see what it is from here on. */
export function tellOfChat(draft: Draft): void {
  const { id, type, title, headSeq, createdMs: createdAt, settings } = draft.state;
  draft.change((rev) => ({
    type: "ChatUpdated",
    chatId: id,
    rev,
    chat: { id, type, title, headSeq, rev, createdAt, ...settings.about },
  }));
}
