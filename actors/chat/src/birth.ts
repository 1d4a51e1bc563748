import type { AddressedCommand, Birth } from "@rookery/protocol";
import { nothingSet } from "@rookery/store";
import { Draft } from "./draft.ts";
import { noReceipts } from "./receipt.ts";
import { nothingRecent } from "./recollection.ts";
import { type Decided, notFound } from "./refusal.ts";
import type { ChatState } from "./state.ts";

/** Being asked again, by whomever the chat is for, is no fault: it is there. */
export function create(
  state: ChatState | null,
  command: AddressedCommand,
  birth: Birth,
  nowMs: number,
): Decided {
  if (state !== null) {
    if (!state.members.has(command.senderId)) return notFound();
    const outcome = { kind: "created", chatId: state.id, created: false } as const;
    return { kind: "done", state, outcome, rows: [], events: [], relays: [] };
  }
  const draft = bear(command, birth, nowMs);
  const outcome = { kind: "created", chatId: draft.state.id, created: true } as const;
  draft.remember(command.senderId, command.uuid, outcome);
  return draft.done(outcome);
}

/** A chat that was not there, with its members; groups and channels say so in their first message. */
export function bear({ actor, senderId }: AddressedCommand, birth: Birth, nowMs: number): Draft {
  const draft = new Draft(
    {
      id: actor.id,
      type: birth.type,
      title: birth.title,
      headSeq: 0,
      rev: 0,
      createdBy: senderId,
      createdMs: nowMs,
      deletedMs: null,
      telegram: birth.telegram ?? null,
      members: new Map(),
      receipts: noReceipts,
      acl: new Map(),
      settings: nothingSet,
      recent: nothingRecent,
    },
    nowMs,
    null,
  );
  for (const { userId, role } of birth.members) draft.member(userId, role);
  if (birth.type === "group" || birth.type === "channel") {
    const userIds = birth.members.map((member) => member.userId);
    const title = birth.title === null ? {} : { title: birth.title };
    draft.service(senderId, { action: "created", userIds, ...title });
  }
  return draft;
}
