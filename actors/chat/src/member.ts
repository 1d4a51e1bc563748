/** Who is in a chat, and as what. */
import type { AddressedCommand, ChatCommand, UserId } from "@rookery/protocol";
import { Draft } from "./draft.ts";
import { may, roleOf } from "./permission.ts";
import { heirOf, outranks } from "./rank.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/** Members of one chat. */
export const membersMax = 100_000;

export function invite(
  state: ChatState | null,
  command: AddressedCommand,
  userIds: readonly UserId[],
  nowMs: number,
): Decided {
  const { senderId, uuid } = command;
  const inviter = roleOf(state, command);
  if (state === null || inviter === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `nobody can be invited into a ${state.type} chat`);
  if (!may(state, command, "invite_users", nowMs)) {
    return refused("forbidden", "only the owner and admins can invite");
  }
  const wanted = [...new Set(userIds)];
  const added = wanted.filter((userId) => !state.members.has(userId));
  const already = wanted.filter((userId) => state.members.has(userId));
  if (state.members.size + added.length > membersMax) {
    return refused("invalid", `a chat has at most ${membersMax} members`);
  }
  const draft = new Draft(state, nowMs);
  const role = state.type === "channel" ? "reader" : "member";
  for (const userId of added) {
    const chatId = state.id;
    draft.change((rev) => ({ type: "MemberChanged", chatId, rev, userId, role, change: "joined" }));
    draft.member(userId, role);
  }
  if (added.length > 0) draft.service(senderId, { action: "joined", userIds: added });
  const outcome = { kind: "invited", added, already } as const;
  draft.remember(senderId, uuid, outcome);
  return draft.done(outcome);
}

/** The owner gives any role, and with `owner` passes the chat on; admins choose who may write. */
export function setRole(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, role }: Extract<ChatCommand, { kind: "role" }>,
  nowMs: number,
): Decided {
  const { senderId } = command;
  const mine = roleOf(state, command);
  if (state === null || mine === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `there are no roles in a ${state.type} chat`);
  const member = state.members.get(userId);
  if (member === undefined) return noMember();
  const mayGive =
    mine === "owner" ||
    (outranks(mine, member.role) && outranks(mine, role) && may(state, command, "restrict_members", nowMs));
  if (!mayGive)
    return refused("forbidden", "only the owner, and admins among members and readers, give roles");
  const draft = new Draft(state, nowMs);
  if (member.role === role) return draft.changed(command);
  if (userId === senderId) return refused("forbidden", "an owner passes the chat on to somebody else");
  draft.role(userId, role);
  if (role === "owner") draft.role(senderId, "admin");
  draft.service(senderId, { action: "role", userIds: [userId], role });
  return draft.changed(command);
}

/** The owner removes anybody, admins remove members and readers. */
export function removeMember(
  state: ChatState | null,
  command: AddressedCommand,
  { userId }: Extract<ChatCommand, { kind: "remove" }>,
  nowMs: number,
): Decided {
  const { senderId } = command;
  if (userId === senderId) return leave(state, command, nowMs);
  const mine = roleOf(state, command);
  if (state === null || mine === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `nobody can be removed from a ${state.type} chat`);
  const member = state.members.get(userId);
  if (member === undefined) return noMember();
  if (!outranks(mine, member.role) || !may(state, command, "restrict_members", nowMs)) {
    return refused("forbidden", "only the owner, and admins among members and readers, remove people");
  }
  const draft = new Draft(state, nowMs);
  draft.part(userId, "removed");
  draft.service(senderId, { action: "removed", userIds: [userId] });
  return draft.changed(command);
}

/** An owner who leaves passes the chat on; the last one leaves an empty chat. */
export function leave(state: ChatState | null, command: AddressedCommand, nowMs: number): Decided {
  const { senderId } = command;
  const me = state?.members.get(senderId);
  if (state === null || me === undefined) return notFound();
  if (!isOpen(state)) return refused("forbidden", `a ${state.type} chat cannot be left`);
  const draft = new Draft(state, nowMs);
  draft.part(senderId, "left");
  const heir = me.role === "owner" ? heirOf(draft.state) : undefined;
  if (heir !== undefined) draft.role(heir, "owner");
  draft.service(senderId, { action: "left", userIds: [senderId] });
  return draft.changed(command);
}

/** People come into groups and channels, and go; the others are whose they were born for. */
export function isOpen({ type }: ChatState): boolean {
  return type === "group" || type === "channel";
}

export function noMember(): Decided {
  return refused("not_found", "there is no such member");
}
