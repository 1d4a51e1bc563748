import type { AddressedCommand, ChatCommand, UserId } from "@rookery/protocol";
import type { MessageDetail } from "@rookery/store";
import { bear } from "./birth.ts";
import { Draft } from "./draft.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";

type Send = Extract<ChatCommand, { kind: "send" }>;

/** Kinds whose message is nothing without a content of its own, and contents that are nothing in another kind. */
const contentKinds = ["poll", "location", "contact"] as const;

export function send(
  state: ChatState | null,
  command: AddressedCommand,
  asked: Send,
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
  const wrong = contentKinds.find((kind) => (asked[kind] === undefined) === (asked.messageKind === kind));
  if (wrong !== undefined) {
    return refused("invalid", `${wrong}: goes with the kind ${wrong}, and with no other`);
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

/** Why someone may not write there; null: they may. */
export function maySend(state: ChatState | null, senderId: UserId): Decided | null {
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

function detailOf(asked: Send): MessageDetail | null {
  const { poll } = asked;
  const detail: MessageDetail = {
    ...(asked.entities === undefined || asked.entities.length === 0 ? {} : { entities: asked.entities }),
    ...(asked.replyTo === undefined ? {} : { replyTo: asked.replyTo }),
    ...(asked.forward === undefined ? {} : { forward: asked.forward }),
    ...(asked.attachments === undefined || asked.attachments.length === 0
      ? {}
      : { attachments: asked.attachments }),
    ...(poll === undefined
      ? {}
      : {
          poll: {
            question: poll.question,
            options: poll.options.map((text) => ({ text, userIds: [] })),
            multiple: poll.multiple ?? false,
          },
        }),
    ...(asked.location === undefined ? {} : { location: asked.location }),
    ...(asked.contact === undefined ? {} : { contact: asked.contact }),
    ...(asked.telegram === undefined ? {} : { telegram: asked.telegram.state }),
  };
  return Object.keys(detail).length === 0 ? null : detail;
}
