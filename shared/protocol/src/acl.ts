/** What a chat allows somebody beside what their membership does: the rule, for its actor and for whoever reads. */
import type { ChatType, MemberRole } from "./frame.ts";

/** Whom an entry is about: a user, or one API key whosever it is. */
export type AclSubject = `user:${number}` | `key:${number}`;

/** Null: as the membership says. */
export interface AclEntry {
  readonly canRead: boolean | null;
  readonly canSend: boolean | null;
  readonly canManage: boolean | null;
}

export const aclSubjectPattern = /^(user|key):([1-9]\d{0,15})$/;

export function parseAclSubject(subject: AclSubject): { readonly kind: "user" | "key"; readonly id: number } {
  const colon = subject.indexOf(":");
  return { kind: subject.startsWith("user") ? "user" : "key", id: Number(subject.slice(colon + 1)) };
}

export interface ChatRights {
  /** What they are in the chat, or as good as: who may manage is an admin, who may not is none. Null: a stranger. */
  readonly role: MemberRole | null;
  readonly canRead: boolean;
  readonly canSend: boolean;
  readonly canManage: boolean;
}

/**
 * What somebody may do in a chat. The entry of their key goes before their own, and that before their membership, right by
 * right. No entry binds an owner, but one of a key binds that key also in its owner's hand. Pure.
 */
export function rightsIn(
  type: ChatType,
  role: MemberRole | null,
  entries: { readonly ofUser: AclEntry | undefined; readonly ofKey: AclEntry | undefined },
): ChatRights {
  const ofUser = role === "owner" ? undefined : entries.ofUser;
  const leads = role === "owner" || role === "admin";
  const writes = leads || (role === "member" && type !== "channel");
  const decide = (right: keyof AclEntry, ofRole: boolean): boolean =>
    entries.ofKey?.[right] ?? ofUser?.[right] ?? ofRole;
  const canManage = decide("canManage", leads);
  return {
    role: roleWith(role, canManage),
    canRead: decide("canRead", role !== null),
    canSend: decide("canSend", writes),
    canManage,
  };
}

function roleWith(role: MemberRole | null, canManage: boolean): MemberRole | null {
  if (canManage) return role === "owner" ? "owner" : "admin";
  return role === "owner" || role === "admin" ? "member" : role;
}
