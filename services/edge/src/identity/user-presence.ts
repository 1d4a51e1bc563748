import type { UserId } from "@rookery/protocol";
import { type Store, watchablePairs } from "@rookery/store";
import type { PresencePort } from "../room/presence-query.ts";
import type { UserView } from "./user-view.ts";

/** An account as `askerId` may see it, with how its owner is now: for those who might watch it, while somebody can say. */
export async function addPresence(
  { store, presence }: { readonly store: Store; readonly presence: PresencePort },
  askerId: UserId,
  user: UserView,
): Promise<UserView> {
  const [pair] = await watchablePairs(store, [[askerId, user.id]]);
  const note = pair === undefined ? null : await presence.noteOf(user.id);
  if (note === null) return user;
  const [, status, lastSeenMs] = note;
  const lastSeen = lastSeenMs === null ? user.lastSeen : Math.max(lastSeenMs, user.lastSeen ?? 0);
  return { ...user, status, lastSeen };
}
