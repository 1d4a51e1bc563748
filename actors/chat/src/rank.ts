import type { MemberRole, UserId } from "@rookery/protocol";
import type { ChatState } from "./state.ts";

/** Roles by what they may decide over each other. */
const ranks: Readonly<Record<MemberRole, number>> = { owner: 3, admin: 2, member: 1, reader: 0 };

/** Whether one may decide over the other: owners over all others, admins over members and readers. */
export function outranks(one: MemberRole, other: MemberRole): boolean {
  return ranks[one] >= ranks.admin && ranks[one] > ranks[other];
}

/** The oldest of the highest rank; whoever came at once, by id, so that every replay finds the same (L9). */
export function heirOf({ members }: ChatState): UserId | undefined {
  let heir: UserId | undefined;
  for (const [userId, member] of members) {
    const other = heir === undefined ? undefined : members.get(heir);
    if (heir === undefined || other === undefined) heir = userId;
    else {
      const order =
        ranks[other.role] - ranks[member.role] || member.joinedSeq - other.joinedSeq || userId - heir;
      if (order < 0) heir = userId;
    }
  }
  return heir;
}
