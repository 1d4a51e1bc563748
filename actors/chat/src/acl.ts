/** Entries that say what somebody may do in a chat beside their role. */
import {
  type AclSubject,
  type AddressedCommand,
  type ChatCommand,
  type ChatRights,
  limits,
  parseAclSubject,
} from "@rookery/protocol";
import { Draft } from "./draft.ts";
import { may, rightsOf } from "./permission.ts";
import { outranks } from "./rank.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/**
 * Puts an entry into the chat's ACL. Whoever manages may, except over those they do not outrank; the owner needs no entry
 * and gets none. A member who may not read any more is told as if they had left, and as if they came when they may again.
 */
export function allow(
  state: ChatState | null,
  command: AddressedCommand,
  { subject, entry, isAdministrator }: Extract<ChatCommand, { kind: "allow" }>,
  nowMs: number,
): Decided {
  if (state === null) return notFound();
  const { role, canRead, canManage } = rightsOf(state, command);
  const mayAllow = canManage && (role !== "admin" || may(state, command, "restrict_members", nowMs));
  if (!isAdministrator && !mayAllow) {
    if (role === null && !canRead) return notFound();
    return refused("forbidden", "only who manages the chat says who may do what");
  }
  const refusal = isAdministrator ? null : refuseRank(state, role, subject);
  if (refusal !== null) return refusal;
  const { kind, id } = parseAclSubject(subject);
  if (kind === "user" && state.members.get(id)?.role === "owner") {
    return refused("forbidden", "the owner may do everything");
  }
  const isNew = !state.acl.has(subject);
  if (isNew && Object.values(entry).some((right) => right !== null) && state.acl.size >= limits.aclMax) {
    return refused("invalid", `a chat's ACL has at most ${limits.aclMax} entries`);
  }
  const draft = new Draft(state, nowMs);
  draft.allow(subject, entry);
  return draft.changed(command);
}

function refuseRank(state: ChatState, role: ChatRights["role"], subject: AclSubject): Decided | null {
  const { kind, id } = parseAclSubject(subject);
  const other = kind === "user" ? state.members.get(id)?.role : undefined;
  if (other === undefined || (role !== null && outranks(role, other))) return null;
  return refused("forbidden", "only the owner, and admins among members and readers, say what they may do");
}
