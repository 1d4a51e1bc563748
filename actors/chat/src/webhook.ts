/**
 * Who is told by webhook of what a command led to: decided here, in the chat's own order, by the membership and the ACL of this
 * moment, and written in the same commit. An endpoint gets what its owner may read after the command: who was taken out hears
 * nothing of it, who was let in hears that.
 */
import {
  deliverTo,
  type EndpointFact,
  type Event,
  type Message,
  type UserId,
  type WebhookEvent,
  type WebhookJob,
  webhookEventId,
  webhookPayload,
  type WebhookType,
} from "@rookery/protocol";
import type { Decision } from "@rookery/host";
import { type Row, toMessage } from "@rookery/store";
import type { ChatFacts } from "./facts.ts";
import { readsAs } from "./permission.ts";
import { recentMessage } from "./recollection.ts";
import type { ChatState } from "./state.ts";

type Done = Extract<Decision<ChatState>, { readonly kind: "done" }>;

/** What is told of something, and what it is called. */
interface Happening {
  readonly type: WebhookType;
  readonly id: string;
  readonly data: object;
  /** Where it stands among what happened at one place of the chat. */
  readonly sub: number;
  /** Whoever it answers; of messages. */
  readonly answeredId: UserId | null;
}

/** The decision, with the deliveries of what it tells. Pure. */
export function withWebhooks(
  before: ChatState | null,
  decision: Decision<ChatState>,
  { endpoints }: ChatFacts,
  nowMs: number,
): Decision<ChatState> {
  if (decision.kind === "refused" || endpoints.byId.size === 0) return decision;
  const readers = readersOf(decision.state, endpoints);
  if (readers.length === 0) return decision;
  const rows: Row[] = [];
  const jobs: WebhookJob[] = [];
  const { id: chatId } = decision.state;
  for (const { happening, place } of placed(before, decision)) {
    const takers = readers.filter((reader) => takes(reader, happening));
    if (takers.length === 0) continue;
    const { id, type, data, sub } = happening;
    const told = { ...data, ...contextOf(decision.state) };
    const event: WebhookEvent = { id, type, payload: webhookPayload(type, nowMs, told), createdMs: nowMs };
    rows.push({ table: "webhookEvent", row: event });
    jobs.push(...deliverTo(takers, event, { chatId, place, sub }));
  }
  if (jobs.length === 0) return decision;
  for (const { payload: _, ...row } of jobs) rows.push({ table: "webhookDelivery", row });
  return {
    ...decision,
    rows: [...decision.rows, ...rows],
    jobs: [
      ...(decision.jobs ?? []),
      ...jobs.map((job) => ({
        kind: "webhookDelivery" as const,
        owner: { kind: "endpoint" as const, id: job.endpointId },
        job,
      })),
    ],
  };
}

/** The endpoints that hear of this chat at all. */
function readersOf(state: ChatState, { ofChat, ofBot, ofAll }: ChatFacts["endpoints"]): EndpointFact[] {
  const own = (ofChat.get(state.id) ?? []).filter(({ ownerId }) => readsAs(state, ownerId));
  return [...own, ...botsOf(state, ofBot).flatMap((botId) => ofBot.get(botId) ?? []), ...ofAll];
}

/** The bots there that have endpoints: of Telegram the chat's own, of ours those that are members and may read. */
function botsOf({ telegram, ...state }: ChatState, ofBot: ChatFacts["endpoints"]["ofBot"]): UserId[] {
  if (ofBot.size === 0) return [];
  const { members } = state;
  const few: Iterable<UserId> = members.size < ofBot.size ? members.keys() : ofBot.keys();
  const there = [...few].filter(
    (id) => members.has(id) && ofBot.has(id) && readsAs({ telegram, ...state }, id),
  );
  const chats = telegram !== null && ofBot.has(telegram.botId) && !there.includes(telegram.botId);
  return chats ? [...there, telegram.botId] : there;
}

function takes({ scope, botId, types }: EndpointFact, { type, answeredId }: Happening): boolean {
  if (scope === "reply" && (answeredId === null || answeredId !== botId)) return false;
  return types === null || types.has(type);
}

/** What happened, each with its place: how many messages, changes and receipts the chat has had with it. */
function placed(
  before: ChatState | null,
  { state, rows, events }: Done,
): { readonly happening: Happening; readonly place: number }[] {
  let place = before === null ? 0 : before.headSeq + before.rev + before.receipts.rev;
  const found: { readonly happening: Happening; readonly place: number }[] = [];
  const put = (happening: Happening | null): void => {
    if (happening !== null) found.push({ happening, place });
  };
  if (before === null) {
    const id = webhookEventId(state.id, "b", 1);
    put({ type: "chat.created", id, data: { chatId: state.id }, sub: 0, answeredId: null });
  }
  for (const event of events) {
    place += 1;
    put(happeningOf(state, event));
  }
  for (const { table, row } of rows) {
    if (table !== "telegramUpdate") continue;
    const { botId, updateId, raw: update, chatId, seq } = row;
    const id = webhookEventId(botId, "u", updateId);
    // Those that make no message and no change have no place of their own.
    put({ type: "telegram.update", id, data: { chatId, seq, update }, sub: updateId, answeredId: null });
  }
  return found;
}

function happeningOf(state: ChatState, event: Event): Happening | null {
  const nobody = { sub: 0, answeredId: null };
  switch (event.kind) {
    case "message": {
      const { chatId, seq, message } = event;
      const { replyTo } = message;
      const answered = replyTo === null ? undefined : recentMessage(state.recent, replyTo);
      const id = webhookEventId(chatId, "m", seq);
      return {
        type: "message.created",
        id,
        data: message,
        sub: 0,
        answeredId: answered?.senderId ?? null,
      };
    }
    case "receipts": {
      const { chatId, receiptRev, marks } = event;
      const id = webhookEventId(chatId, "r", receiptRev);
      return { type: "receipt.changed", id, data: { chatId, receipts: marks }, ...nobody };
    }
    case "change": {
      const { chatId, rev, frame } = event;
      const id = webhookEventId(chatId, "c", rev);
      switch (frame.type) {
        case "MessageEdited":
          return { type: "message.edited", id, data: messageAt(state, frame.seq), ...nobody };
        case "MessageDeleted":
          return { type: "message.deleted", id, data: messageAt(state, frame.seq), ...nobody };
        case "Reaction": {
          const { seq, userId, emoji, remove } = frame;
          const data = { ...messageAt(state, seq), reaction: { userId, emoji, remove } };
          return { type: "reaction.changed", id, data, ...nobody };
        }
        case "MemberChanged": {
          const { userId, role, change } = frame;
          return { type: "member.changed", id, data: { chatId, rev, userId, role, change }, ...nobody };
        }
        case "ChatUpdated":
          return { type: "chat.updated", id, data: { chatId, rev }, ...nobody };
        // Nobody has asked to be told of these.
        case "Pinned":
        case "Voted":
        case "PollClosed":
        case "MessageSettled":
        case "AccessChanged":
          return null;
      }
      return null;
    }
    case "feed":
      return null;
  }
}

/** A message that was just written is at hand. */
function messageAt(
  { recent, id: chatId }: ChatState,
  seq: number,
): Message | { chatId: number; seq: number } {
  const message = recentMessage(recent, seq);
  return message === undefined ? { chatId, seq } : toMessage(message);
}

function contextOf({ id, type, title, headSeq, rev, createdMs: createdAt, telegram }: ChatState): object {
  const chat = { id, type, title, headSeq, rev, createdAt };
  return telegram === null ? { chat } : { chat, bot: { id: telegram.botId, chatId: telegram.chatId } };
}
