import type { AddressedCommand, ChatCommand, Seq, TelegramState } from "@rookery/protocol";
import type { MessageDetail } from "@rookery/store";
import { bear } from "./birth.ts";
import { Draft } from "./draft.ts";
import { mayBring, maySend } from "./permission.ts";
import { recentTelegramMessage } from "./recollection.ts";
import { type Decided, notFound, refused } from "./refusal.ts";
import type { ChatState } from "./state.ts";
import { departure, queueSend, telegramRefusal } from "./outgoing.ts";
import { heardFrom, keepUpdate } from "./telegram.ts";

type Send = Extract<ChatCommand, { kind: "send" }>;

/** Kinds whose message is nothing without a content of its own, and contents that are nothing in another kind. */
const contentKinds = ["poll", "location", "contact"] as const;

export function send(
  state: ChatState | null,
  command: AddressedCommand,
  asked: Send,
  nowMs: number,
): Decided {
  const { senderId, uuid, source, requestId } = command;
  let draft: Draft;
  let { replyTo } = asked;
  if (asked.telegram !== undefined) {
    draft = state === null ? bear(command, asked.telegram.birth, nowMs) : new Draft(state, nowMs);
    const { replyToMessageId, movedTo } = asked.telegram;
    if (replyToMessageId !== undefined) {
      replyTo = recentTelegramMessage(draft.state.recent, replyToMessageId)?.seq;
    }
    if (movedTo !== undefined) draft.telegramMoved(movedTo);
    heardFrom(draft, asked.telegram.birth);
  } else {
    const refusal = maySend(state, command) ?? (state && mayBring(state, command, asked, nowMs));
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
  const leaves = draft.state.type === "telegram" && asked.telegram === undefined;
  const refusal = leaves ? telegramRefusal(asked) : null;
  if (refusal !== null) return refusal;
  const there = leaves ? departure(draft.state) : asked.telegram?.state;
  draft.message({
    senderId,
    uuid,
    kind: asked.messageKind,
    body: asked.body,
    detail: detailOf({ ...asked, replyTo }, there),
    source,
  });
  if (there?.state === "queued") queueSend(draft, asked, requestId, nowMs);
  if (asked.telegram?.update !== undefined)
    keepUpdate(draft, { update: asked.telegram.update, requestId }, draft.state.headSeq, nowMs);
  const { headSeq: seq, rev } = draft.state;
  return draft.done({ kind: "sent", seq, rev, ts: nowMs });
}

function detailOf(
  asked: Omit<Send, "replyTo"> & { readonly replyTo: Seq | undefined },
  telegram: TelegramState | undefined,
): MessageDetail | null {
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
    ...(asked.keyboard === undefined ? {} : { keyboard: asked.keyboard }),
    ...(asked.via === undefined ? {} : { viaBotId: asked.via.botId }),
    ...(asked.extra === undefined ? {} : { extra: asked.extra }),
    ...(telegram === undefined ? {} : { telegram }),
  };
  return Object.keys(detail).length === 0 ? null : detail;
}
