/** What somebody may do in a chat: by their membership, and by what its ACL says of them and of the key they use. */
import {
  type AddressedCommand,
  type AdminRight,
  type ChatCommand,
  type ChatRights,
  type MemberPermission,
  rightsIn,
  type UserId,
  usuallyForbidden,
  usualRights,
} from "@rookery/protocol";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

type By = Pick<AddressedCommand, "senderId" | "keyId">;

export function rightsOf({ type, members, acl }: ChatState, { senderId, keyId }: By): ChatRights {
  return rightsIn(type, members.get(senderId)?.role ?? null, {
    ofUser: acl.get(`user:${senderId}`),
    ofKey: keyId === undefined ? undefined : acl.get(`key:${keyId}`),
  });
}

/** What the sender is in the chat, or as good as; null to strangers, for whom it does not exist. */
export function roleOf(state: ChatState | null, by: By): ChatRights["role"] {
  return state === null ? null : rightsOf(state, by).role;
}

/** Why someone may not write there; null: they may. */
export function maySend(state: ChatState | null, by: By): Decided | null {
  if (state === null) return notFound();
  // A bot is in no chat of its own, and what it says there is why the chat is.
  if (state.telegram !== null && state.telegram.botId === by.senderId) return null;
  const { role, canRead, canSend } = rightsOf(state, by);
  if (role === null && !canRead && !canSend) return notFound();
  if (!canSend) {
    if (state.type === "channel") return refused("forbidden", "only the channel's owner and admins can send");
    return refused("forbidden", role === "reader" ? "readers cannot send" : "you may not send here");
  }
  return null;
}

/** A member who may not read has no business there but to leave; null: they may go on. */
export function mayTouch(state: ChatState | null, command: AddressedCommand): Decided | null {
  if (state === null || !state.members.has(command.senderId)) return null;
  return rightsOf(state, command).canRead ? null : refused("forbidden", "you may not read this chat");
}

/** What each may who leads: owners everything, administrators what was given them, members what the chat leaves to all. */
export function may(state: ChatState, by: By, what: AdminRight, nowMs: number): boolean {
  const { role } = rightsOf(state, by);
  if (role === "owner") return true;
  if (role === "admin") return rightsGiven(state, by.senderId).includes(what);
  if (role !== "member" || state.type === "channel") return false;
  const isLeftToAll = what === "change_info" || what === "invite_users" || what === "pin_messages";
  return isLeftToAll && !forbiddenTo(state, by.senderId, nowMs).has(what);
}

/** What an administrator may. */
export function rightsGiven({ settings }: ChatState, userId: UserId): readonly AdminRight[] {
  return settings.traits.get(userId)?.rights ?? usualRights;
}

/** What a member may not: what none may, and what they may not. */
export function forbiddenTo(
  { settings }: ChatState,
  userId: UserId,
  nowMs: number,
): ReadonlySet<MemberPermission> {
  const { forbids = [], untilMs = Number.POSITIVE_INFINITY } = settings.traits.get(userId) ?? {};
  return new Set([...(settings.about.forbids ?? usuallyForbidden), ...(nowMs < untilMs ? forbids : [])]);
}

/** Kinds whose sending is a permission of its own; places and contacts count as texts, all others as `other`. */
const permissionOf: Readonly<Record<string, MemberPermission>> = {
  text: "send_messages",
  e2ee: "send_messages",
  location: "send_messages",
  contact: "send_messages",
  audio: "send_audios",
  document: "send_documents",
  photo: "send_photos",
  video: "send_videos",
  video_note: "send_video_notes",
  voice: "send_voice_notes",
  poll: "send_polls",
};

/** Why a member may not send this; null: they may. */
export function mayBring(
  state: ChatState,
  by: By,
  { messageKind, attachments = [] }: Extract<ChatCommand, { kind: "send" }>,
  nowMs: number,
): Decided | null {
  const { role } = rightsOf(state, by);
  if (state.type === "channel" && role === "admin" && !may(state, by, "post_messages", nowMs)) {
    return refused("forbidden", "you may not post in this channel");
  }
  if (state.type !== "group" || role !== "member") return null;
  const forbidden = forbiddenTo(state, by.senderId, nowMs);
  const kinds = attachments.length === 0 ? [messageKind] : attachments.map(({ kind }) => kind);
  const wrong = kinds
    .map((kind) => permissionOf[kind] ?? "send_other_messages")
    .find((permission) => forbidden.has(permission));
  return wrong === undefined ? null : refused("forbidden", `you may not here: ${wrong.replaceAll("_", " ")}`);
}

/** Whether a user reads the chat. */
export function readsAs(state: ChatState, userId: UserId): boolean {
  return rightsOf(state, { senderId: userId }).canRead;
}
