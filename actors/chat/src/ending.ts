import type { AddressedCommand } from "@rookery/protocol";
import { Draft } from "./draft.ts";
import { roleOf } from "./permission.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/** Members told of the end in one commit, so that a large chat's does not hold up its shard. */
export const partingMax = 1_000;

/**
 * The end of a chat for everybody, by its owner. From the first commit on nobody finds it; its members are told in
 * portions, each ordering the next by a command of the chat to itself, which may come twice.
 */
export function disband(state: ChatState | null, command: AddressedCommand, nowMs: number): Decided {
  if (state === null) return notFound();
  if (state.deletedMs !== null) {
    if (command.source !== "service" || state.members.size === 0) return notFound();
    const draft = new Draft(state, nowMs);
    dismissSome(draft);
    return draft.done({ kind: "noted" });
  }
  const me = state.members.get(command.senderId);
  if (me === undefined) return notFound();
  if (roleOf(state, command) !== "owner" || state.type === "telegram") {
    return refused("forbidden", "only the owner of a group or channel can end it for all");
  }
  const draft = new Draft({ ...state, deletedMs: nowMs }, nowMs, state);
  draft.part(command.senderId, "left");
  dismissSome(draft);
  return draft.changed(command);
}

function dismissSome(draft: Draft): void {
  for (const userId of [...draft.state.members.keys()].slice(0, partingMax)) draft.dismiss(userId);
  const { id, rev, members } = draft.state;
  if (members.size === 0) return;
  // Fewer are left each time, so the name is new each time.
  const target = { kind: "chat", id } as const;
  draft.relay({ id: `chat:${id}/${rev}/rest:${members.size}`, target, command: { kind: "disband" } });
}
