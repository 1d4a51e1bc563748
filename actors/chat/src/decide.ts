import type { AddressedCommand, Birth, ChatCommand, FaultCode, UserId } from "@rookery/protocol";
import type { Decision } from "@rookery/host";
import type { MessageDetail } from "@rookery/store";
import { Draft } from "./draft.ts";
import type { ChatState } from "./state.ts";

/** Members of one chat. */
export const membersMax = 100_000;

type Decided = Decision<ChatState>;

/** What a chat does with a command. Pure (L9). To someone who is not in it, a chat does not exist. */
export function decide(state: ChatState | null, command: AddressedCommand, nowMs: number): Decided {
  const asked = command.command as ChatCommand;
  switch (asked.kind) {
    case "create":
      return create(state, command, asked.birth, nowMs);
    case "send":
      return send(state, command, asked, nowMs);
    case "invite":
      return invite(state, command, asked.userIds, nowMs);
  }
}

/** Being asked again, by whomever the chat is for, is no fault: it is there. */
function create(state: ChatState | null, command: AddressedCommand, birth: Birth, nowMs: number): Decided {
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

function bear({ actor, senderId }: AddressedCommand, birth: Birth, nowMs: number): Draft {
  const draft = new Draft(
    {
      id: actor.id,
      type: birth.type,
      title: birth.title,
      headSeq: 0,
      rev: 0,
      createdBy: senderId,
      createdMs: nowMs,
      telegram: birth.telegram ?? null,
      members: new Map(),
    },
    nowMs,
  );
  for (const { userId, role } of birth.members) draft.member(userId, role);
  if (birth.type === "group" || birth.type === "channel") {
    const userIds = birth.members.map((member) => member.userId);
    draft.service(senderId, {
      action: "created",
      userIds,
      ...(birth.title === null ? {} : { title: birth.title }),
    });
  }
  return draft;
}

function send(
  state: ChatState | null,
  command: AddressedCommand,
  asked: Extract<ChatCommand, { kind: "send" }>,
  nowMs: number,
): Decided {
  const { senderId, uuid, source } = command;
  let draft: Draft;
  if (asked.telegram !== undefined) {
    draft = state === null ? bear(command, asked.telegram.birth, nowMs) : new Draft(state, nowMs);
  } else {
    const refusal = maySend(state, senderId);
    if (state === null || refusal !== null) return refusal ?? notFound();
    draft = new Draft(state, nowMs);
  }
  if (asked.replyTo !== undefined && asked.replyTo > draft.state.headSeq) {
    return refused("invalid", "replyTo: there is no such message");
  }
  draft.message({
    senderId,
    uuid,
    kind: asked.messageKind,
    body: asked.body,
    detail: detailOf(asked),
    source,
  });
  const { headSeq: seq, rev } = draft.state;
  return draft.done({ kind: "sent", seq, rev, ts: nowMs });
}

function maySend(state: ChatState | null, senderId: UserId): Decided | null {
  const member = state?.members.get(senderId);
  if (state === null || member === undefined) return notFound();
  if (member.role === "reader") return refused("forbidden", "readers cannot send");
  if (state.type === "channel" && member.role === "member") {
    return refused("forbidden", "only the channel's owner and admins can send");
  }
  if (state.type === "telegram") {
    return refused("forbidden", "sending into a Telegram chat is not supported yet");
  }
  return null;
}

function detailOf(asked: Extract<ChatCommand, { kind: "send" }>): MessageDetail | null {
  const detail: MessageDetail = {
    ...(asked.entities === undefined || asked.entities.length === 0 ? {} : { entities: asked.entities }),
    ...(asked.replyTo === undefined ? {} : { replyTo: asked.replyTo }),
    ...(asked.forward === undefined ? {} : { forward: asked.forward }),
    ...(asked.attachments === undefined || asked.attachments.length === 0
      ? {}
      : { attachments: asked.attachments }),
    ...(asked.telegram === undefined ? {} : { telegram: asked.telegram.state }),
  };
  return Object.keys(detail).length === 0 ? null : detail;
}

function invite(
  state: ChatState | null,
  command: AddressedCommand,
  userIds: readonly UserId[],
  nowMs: number,
): Decided {
  const { senderId, uuid } = command;
  const inviter = state?.members.get(senderId);
  if (state === null || inviter === undefined) return notFound();
  if (state.type === "direct" || state.type === "telegram") {
    return refused("forbidden", `nobody can be invited into a ${state.type} chat`);
  }
  const mayInvite = inviter.role === "owner" || inviter.role === "admin";
  if (!mayInvite && (state.type === "channel" || inviter.role === "reader")) {
    return refused("forbidden", "only the owner and admins can invite");
  }
  const wanted = [...new Set(userIds)];
  const added = wanted.filter((userId) => !state.members.has(userId));
  const already = wanted.filter((userId) => state.members.has(userId));
  if (state.members.size + added.length > membersMax) {
    return refused("invalid", `a chat has at most ${membersMax} members`);
  }
  const draft = new Draft(state, nowMs);
  const role = state.type === "channel" ? "reader" : "member";
  for (const userId of added) {
    const chatId = state.id;
    draft.change((rev) => ({ type: "MemberChanged", chatId, rev, userId, role, change: "joined" }));
    draft.member(userId, role);
  }
  if (added.length > 0) draft.service(senderId, { action: "joined", userIds: added });
  const outcome = { kind: "invited", added, already } as const;
  draft.remember(senderId, uuid, outcome);
  return draft.done(outcome);
}

function notFound(): Decided {
  return refused("not_found", "there is no such chat");
}

function refused(code: FaultCode, message: string): Decided {
  return { kind: "refused", fault: { code, message } };
}
