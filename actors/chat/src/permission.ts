/** What somebody may do in a chat: by their membership, and by what its ACL says of them and of the key they use. */
import { type AddressedCommand, type ChatRights, rightsIn, type UserId } from "@rookery/protocol";
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

/** Whether a user reads the chat. */
export function readsAs(state: ChatState, userId: UserId): boolean {
  return rightsOf(state, { senderId: userId }).canRead;
}
