/** Links by which people come into a chat, and those who ask to be let in. */
import {
  type AddressedCommand,
  type ChatCommand,
  type ChatLink,
  joinRequestsMax,
  type LinkDraft,
  linksMax,
  type UserId,
} from "@rookery/protocol";
import { Draft } from "./draft.ts";
import { isOpen, membersMax } from "./member.ts";
import { may, roleOf } from "./permission.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import { isBanned, lift } from "./setting.ts";
import type { ChatState } from "./state.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

/** Administrators make links; each changes their own, and none that is revoked. */
export function link(
  state: ChatState | null,
  command: AddressedCommand,
  { link: wanted, isNew }: Asked<"link">,
  nowMs: number,
): Decided {
  const refusal = refuse(state, command, nowMs);
  if (state === null || refusal !== null) return refusal ?? notFound();
  const { senderId } = command;
  const draft = new Draft(state, nowMs);
  const known = state.settings.links.get(wanted.code);
  if (!isNew) {
    if (known === undefined || known.isRevoked) return noLink();
    if (known.creatorId !== senderId || known.isPrimary) {
      return refused("forbidden", "only one's own links can be changed, and not the primary one");
    }
    draft.link({ ...wanted, creatorId: senderId, isRevoked: false, joined: known.joined });
    return draft.changed(command);
  }
  const full = known === undefined ? make(draft, wanted, senderId) : null;
  return full ?? draft.changed(command);
}

/** It leads nowhere any more; a primary one is followed by the next. */
export function revokeLink(
  state: ChatState | null,
  command: AddressedCommand,
  { code, next }: Asked<"revokeLink">,
  nowMs: number,
): Decided {
  const refusal = refuse(state, command, nowMs);
  if (state === null || refusal !== null) return refusal ?? notFound();
  const known = state.settings.links.get(code);
  if (known === undefined) return noLink();
  if (known.creatorId !== command.senderId && roleOf(state, command) !== "owner") {
    return refused("forbidden", "only one's own links can be revoked, and all by the owner");
  }
  const draft = new Draft(state, nowMs);
  if (known.isRevoked) return draft.changed(command);
  draft.link({ ...known, isRevoked: true });
  const full = known.isPrimary && next !== undefined ? make(draft, next, known.creatorId) : null;
  return full ?? draft.changed(command);
}

/** Whoever holds a link comes by it, or asks; whoever is there is there. */
export function join(
  state: ChatState | null,
  command: AddressedCommand,
  { code }: Asked<"join">,
  nowMs: number,
): Decided {
  const { senderId: userId } = command;
  const known = state?.settings.links.get(code);
  if (state === null || known === undefined || !leads(known, nowMs)) return noLink();
  if (isBanned(state, userId, nowMs)) return refused("forbidden", "you may not come into this chat");
  const draft = new Draft(state, nowMs);
  if (state.members.has(userId)) return joined(draft, command, "joined");
  if (known.asks) {
    if (state.settings.requests.has(userId)) return joined(draft, command, "asked");
    if (state.settings.requests.size >= joinRequestsMax) {
      return refused("overloaded", `${joinRequestsMax} people wait to be let in already`);
    }
    draft.request(userId, { userId, code, askedMs: nowMs });
    return joined(draft, command, "asked");
  }
  const full = letIn(draft, userId, { byId: userId, link: known });
  return full ?? joined(draft, command, "joined");
}

/** Somebody who asked is let in, or not; they may ask again. */
export function admit(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, isApproved }: Asked<"admit">,
  nowMs: number,
): Decided {
  const refusal = refuse(state, command, nowMs);
  if (state === null || refusal !== null) return refusal ?? notFound();
  const asked = state.settings.requests.get(userId);
  if (asked === undefined) return refused("not_found", "they do not ask to be let in");
  const draft = new Draft(state, nowMs);
  const known = state.settings.links.get(asked.code);
  const full = isApproved ? letIn(draft, userId, { byId: command.senderId, link: known }) : null;
  if (full !== null) return full;
  draft.request(userId, null);
  return draft.changed(command);
}

function letIn(
  draft: Draft,
  userId: UserId,
  { byId, link: known }: { readonly byId: UserId; readonly link: ChatLink | undefined },
): Decided | null {
  const { id: chatId, type, members, acl } = draft.state;
  if (members.size >= membersMax) return refused("invalid", `a chat has at most ${membersMax} members`);
  if (acl.get(`user:${userId}`)?.canRead === false) lift(draft, userId);
  const role = type === "channel" ? "reader" : "member";
  draft.change((rev) => ({ type: "MemberChanged", chatId, rev, userId, role, change: "joined" }));
  draft.member(userId, role);
  draft.service(byId, { action: "joined", userIds: [userId] });
  if (known !== undefined) draft.link({ ...known, joined: known.joined + 1 });
  return null;
}

/** Null: it is there. */
function make(draft: Draft, wanted: LinkDraft, creatorId: UserId): Decided | null {
  const { links } = draft.state.settings;
  for (const each of links.values()) {
    if (wanted.isPrimary && each.isPrimary && each.creatorId === creatorId && !each.isRevoked) {
      draft.link({ ...each, isRevoked: true });
    }
  }
  if (links.size >= linksMax) {
    // The oldest that leads nowhere gives way.
    const gone = [...draft.state.settings.links.values()].find(({ isRevoked }) => isRevoked);
    if (gone === undefined) return refused("invalid", `a chat has at most ${linksMax} links`);
    draft.unlink(gone.code);
  }
  draft.link({ ...wanted, creatorId, isRevoked: false, joined: 0 });
  return null;
}

function leads({ isRevoked, expiresMs, memberLimit, joined: count }: ChatLink, nowMs: number): boolean {
  if (isRevoked || (expiresMs !== undefined && expiresMs <= nowMs)) return false;
  return memberLimit === undefined || count < memberLimit;
}

function joined(draft: Draft, { senderId, uuid }: AddressedCommand, state: "joined" | "asked"): Decided {
  const outcome = { kind: "joined", state } as const;
  draft.remember(senderId, uuid, outcome);
  return draft.done(outcome);
}

function refuse(state: ChatState | null, command: AddressedCommand, nowMs: number): Decided | null {
  const role = roleOf(state, command);
  if (state === null || role === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `nobody can be invited into a ${state.type} chat`);
  const isLeader = role === "owner" || role === "admin";
  if (isLeader && may(state, command, "invite_users", nowMs)) return null;
  return refused("forbidden", "only the owner and admins who may invite have links");
}

function noLink(): Decided {
  return refused("not_found", "the link leads nowhere");
}
