/** What a chat is and allows, as who leads it says: of itself, of all its members, of one of them. */
import { isDeepStrictEqual } from "node:util";
import {
  type AddressedCommand,
  type ChatAbout,
  type ChatCommand,
  limits,
  type MemberTrait,
  traitsMax,
  type UserId,
  usuallyForbidden,
} from "@rookery/protocol";
import { Draft } from "./draft.ts";
import { isOpen, noMember } from "./member.ts";
import { may, rightsGiven, roleOf } from "./permission.ts";
import { outranks } from "./rank.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";
import { tellOfChat } from "./title.ts";

type Asked<K extends ChatCommand["kind"]> = Extract<ChatCommand, { kind: K }>;

const banned = { canRead: false, canSend: false, canManage: false } as const;
const unbanned = { canRead: null, canSend: null, canManage: null } as const;

/** Its description, its picture, and what members may not. */
export function describe(
  state: ChatState | null,
  command: AddressedCommand,
  { description, photo, forbids }: Asked<"describe">,
  nowMs: number,
): Decided {
  if (state === null || roleOf(state, command) === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `a ${state.type} chat is as it is`);
  const tells = description !== undefined || photo !== undefined;
  if (
    (tells && !may(state, command, "change_info", nowMs)) ||
    (forbids !== undefined && !may(state, command, "restrict_members", nowMs))
  ) {
    return refused("forbidden", "only the owner and admins with the right to can change that");
  }
  const { about } = state.settings;
  const { description: oldWords, photo: oldPhoto, forbids: oldForbids } = about;
  const words = description === undefined ? oldWords : (description ?? undefined);
  const picture = photo === undefined ? oldPhoto : (photo ?? undefined);
  const forbidden = forbids === undefined || isUsual(forbids) ? undefined : forbids;
  const rules = forbids === undefined ? oldForbids : forbidden;
  const next: ChatAbout = {
    ...(words === undefined || words === "" ? {} : { description: words }),
    ...(picture === undefined ? {} : { photo: picture }),
    ...(rules === undefined ? {} : { forbids: rules }),
  };
  const draft = new Draft(state, nowMs);
  // Postgres keeps the parts of an object in an order of its own.
  if (isDeepStrictEqual(next, about)) return draft.changed(command);
  draft.about(next);
  tellOfChat(draft);
  return draft.changed(command);
}

function isUsual(forbids: readonly string[]): boolean {
  return (
    forbids.length === usuallyForbidden.length && usuallyForbidden.every((each) => forbids.includes(each))
  );
}

/** Members and readers are restricted, also before they come. */
export function restrict(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, forbids, untilMs }: Asked<"restrict">,
  nowMs: number,
): Decided {
  const mine = roleOf(state, command);
  if (state === null || mine === null) return notFound();
  if (state.type !== "group") return refused("forbidden", `nobody is restricted in a ${state.type} chat`);
  const member = state.members.get(userId);
  const refusal = refuseRank(state, command, userId, nowMs) ?? refuseTraits(state, userId);
  if (refusal !== null) return refusal;
  const { forbids: before, untilMs: until, ...others } = state.settings.traits.get(userId) ?? {};
  const draft = new Draft(state, nowMs);
  if (until === untilMs && (before ?? []).join() === forbids.join()) return draft.changed(command);
  const limit = untilMs === undefined ? {} : { untilMs };
  draft.trait(userId, forbids.length === 0 ? others : { ...others, forbids, ...limit });
  if (member !== undefined) draft.tellOfMember(userId, member.role);
  return draft.changed(command);
}

/** An owner makes administrators; so do those who may, of no more than they may themselves, and of no one else's. */
export function promote(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, rights }: Asked<"promote">,
  nowMs: number,
): Decided {
  const { senderId } = command;
  const mine = roleOf(state, command);
  if (state === null || mine === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `there are no roles in a ${state.type} chat`);
  const member = state.members.get(userId);
  if (member === undefined) return noMember();
  if (userId === senderId || !mayPromote(state, command, { userId, rights }, nowMs)) {
    return refused("forbidden", "only the owner, and admins who may, make admins of others");
  }
  const trait = state.settings.traits.get(userId) ?? {};
  const draft = new Draft(state, nowMs);
  if (rights.length === 0) {
    if (member.role !== "admin") return draft.changed(command);
    draft.role(userId, state.type === "channel" ? "reader" : "member");
  } else {
    const refusal = refuseTraits(state, userId);
    if (refusal !== null) return refusal;
    if (member.role === "admin" && rights.join() === rightsGiven(state, userId).join())
      return draft.changed(command);
    // Who leads is not restricted.
    const { forbids: _, untilMs: __, ...others } = trait;
    const next: MemberTrait = { ...others, rights, promotedBy: senderId };
    if (member.role === "admin") {
      draft.trait(userId, next);
      draft.tellOfMember(userId, "admin");
      return draft.changed(command);
    }
    draft.role(userId, "admin", next);
  }
  const role = draft.state.members.get(userId)?.role ?? "member";
  draft.service(senderId, { action: "role", userIds: [userId], role });
  return draft.changed(command);
}

function mayPromote(
  state: ChatState,
  command: AddressedCommand,
  { userId, rights }: Pick<Asked<"promote">, "userId" | "rights">,
  nowMs: number,
): boolean {
  const { senderId } = command;
  const role = state.members.get(userId)?.role;
  if (role === "owner") return false;
  if (roleOf(state, command) === "owner") return true;
  if (!may(state, command, "promote_members", nowMs)) return false;
  const own = rightsGiven(state, senderId);
  const isTheirs = role !== "admin" || state.settings.traits.get(userId)?.promotedBy === senderId;
  return isTheirs && rights.every((each) => own.includes(each));
}

/** What is shown beside an administrator's name: by the owner, or by who made them one. */
export function entitle(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, title }: Asked<"entitle">,
  nowMs: number,
): Decided {
  const mine = roleOf(state, command);
  if (state === null || mine === null) return notFound();
  const member = state.members.get(userId);
  if (member === undefined) return noMember();
  if (member.role !== "admin") return refused("invalid", "only admins have a title");
  const trait = state.settings.traits.get(userId) ?? {};
  if (mine !== "owner" && trait.promotedBy !== command.senderId) {
    return refused("forbidden", "only the owner, and who made them an admin, give an admin a title");
  }
  const refusal = refuseTraits(state, userId);
  if (refusal !== null) return refusal;
  const draft = new Draft(state, nowMs);
  if ((trait.title ?? "") === title) return draft.changed(command);
  const { title: _, ...others } = trait;
  draft.trait(userId, title === "" ? others : { ...others, title });
  draft.tellOfMember(userId, "admin");
  return draft.changed(command);
}

/** Out, and not in again: by no link, by nobody's invitation to read. */
export function ban(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, untilMs }: Asked<"ban">,
  nowMs: number,
): Decided {
  if (state === null || roleOf(state, command) === null) return notFound();
  if (!isOpen(state)) return refused("forbidden", `nobody can be removed from a ${state.type} chat`);
  const refusal = refuseRank(state, command, userId, nowMs) ?? refuseTraits(state, userId);
  if (refusal !== null) return refusal;
  if (!state.acl.has(`user:${userId}`) && state.acl.size >= limits.aclMax) {
    return refused("invalid", `a chat's ACL has at most ${limits.aclMax} entries`);
  }
  const draft = new Draft(state, nowMs);
  if (state.members.has(userId)) {
    draft.part(userId, "removed");
    draft.service(command.senderId, { action: "removed", userIds: [userId] });
  }
  draft.allow(`user:${userId}`, banned);
  draft.request(userId, null);
  const { bannedUntilMs: _, ...others } = draft.state.settings.traits.get(userId) ?? {};
  draft.trait(userId, untilMs === undefined ? others : { ...others, bannedUntilMs: untilMs });
  return draft.changed(command);
}

export function unban(
  state: ChatState | null,
  command: AddressedCommand,
  { userId, onlyIfBanned }: Asked<"unban">,
  nowMs: number,
): Decided {
  if (state === null || roleOf(state, command) === null) return notFound();
  const refusal = refuseRank(state, command, userId, nowMs);
  if (refusal !== null) return refusal;
  const draft = new Draft(state, nowMs);
  if (state.acl.get(`user:${userId}`)?.canRead === false) lift(draft, userId);
  else if (!onlyIfBanned && state.members.has(userId)) {
    // Telegram lets go of who is there and was not banned.
    draft.part(userId, "removed");
    draft.service(command.senderId, { action: "removed", userIds: [userId] });
  }
  return draft.changed(command);
}

/** Whether they may not come; a ban whose time is over is none. */
export function isBanned({ acl, settings }: ChatState, userId: UserId, nowMs: number): boolean {
  if (acl.get(`user:${userId}`)?.canRead !== false) return false;
  return nowMs < (settings.traits.get(userId)?.bannedUntilMs ?? Number.POSITIVE_INFINITY);
}

export function lift(draft: Draft, userId: UserId): void {
  draft.allow(`user:${userId}`, unbanned);
  const { bannedUntilMs: _, ...others } = draft.state.settings.traits.get(userId) ?? {};
  draft.trait(userId, others);
}

function refuseRank(
  state: ChatState,
  command: AddressedCommand,
  userId: UserId,
  nowMs: number,
): Decided | null {
  const mine = roleOf(state, command);
  const theirs = state.members.get(userId)?.role ?? "reader";
  if (mine !== null && outranks(mine, theirs) && may(state, command, "restrict_members", nowMs)) return null;
  return refused("forbidden", "only the owner, and admins among members and readers, restrict people");
}

function refuseTraits({ settings }: ChatState, userId: UserId): Decided | null {
  if (settings.traits.has(userId) || settings.traits.size < traitsMax) return null;
  return refused("invalid", `a chat says something of at most ${traitsMax} people`);
}
