/**
 * What bots of our own are told of a decision: made of its events, in their order, in the same commit. A bot hears of a chat from
 * its coming to its going, and in a group, with privacy mode, of what is meant for it alone.
 */
import type { Decision } from "@rookery/host";
import {
  type AddressedCommand,
  type BotChat,
  type BotNews,
  type BotUpdate,
  callbackLifeMs,
  inlineMessageId,
  type ChangeFrame,
  type ChatLink,
  type Job,
  type JoinRequest,
  type Message,
  namedUpdateTypes,
  type NativeUpdateType,
  type Standing,
  updateLifeMs,
  type UserId,
} from "@rookery/protocol";
import { type NativeBotFact, type Row, toMessage } from "@rookery/store";
import { Audience, leads } from "./bot-audience.ts";
import type { ChatFacts } from "./facts.ts";
import { rightsGiven } from "./permission.ts";
import { recentMessage } from "./recollection.ts";
import type { ChatState } from "./state.ts";

type Done = Extract<Decision<ChatState>, { readonly kind: "done" }>;

/** The decision, with what bots are told of it. */
export function tellBots(
  before: ChatState | null,
  decision: Done,
  command: AddressedCommand,
  facts: ChatFacts,
  nowMs: number,
): Done {
  const { state, events } = decision;
  const asking = newRequests(before, state);
  if ((events.length === 0 && asking.length === 0) || state.type === "telegram") return decision;
  const sent = command.command.kind === "send" ? command.command : undefined;
  const via = sent?.via === undefined ? undefined : facts.nativeBots.get(sent.via.botId);
  const audience = new Audience(before, state, facts);
  const cameBy = linkOf(before, state, command);
  if (audience.size === 0 && via === undefined) return decision;
  const teller = new Teller(state, nowMs);
  let headSeq = before?.headSeq ?? 0;
  if (before === null) {
    for (const { bot, role } of audience.present()) {
      if (state.type === "direct") continue;
      const news = memberNews(command.senderId, bot.id, "left", role);
      teller.tell(bot, "my_chat_member", 0, news);
    }
  }
  for (const event of events) {
    if (event.kind === "message") {
      headSeq = event.seq;
      const { message } = event;
      const type = state.type === "channel" ? "channel_post" : "message";
      if (!isTold(message, facts)) continue;
      const reply = answered(state, message);
      for (const { bot, role } of audience.present()) {
        if (bot.id === message.senderId && message.kind !== "service") continue;
        if (!audience.hears(bot, role, message, reply)) continue;
        teller.tell(bot, type, headSeq + message.rev, withReply(message, reply));
      }
    } else if (event.kind === "change") {
      const byId = command.senderId;
      tellOfChange(teller, audience, { frame: event.frame, headSeq, byId, link: cameBy, facts });
    }
  }
  for (const { userId, code } of asking) {
    const link = state.settings.links.get(code);
    for (const { bot, role } of audience.present()) {
      if (!leads(role) || !rightsGiven(state, bot.id).includes("invite_users")) continue;
      const news = { kind: "joinRequest", userId, ...(link === undefined ? {} : { link }) } as const;
      teller.tell(bot, "chat_join_request", state.headSeq + state.rev, news);
    }
  }
  if (via !== undefined && sent?.via !== undefined) {
    const { resultId, query } = sent.via;
    const hasButtons = sent.keyboard !== undefined;
    const messageId = hasButtons ? { messageId: inlineMessageId(state.id, state.headSeq) } : {};
    const news = { kind: "chosen", userId: command.senderId, resultId, query, ...messageId } as const;
    teller.tell(via, "chosen_inline_result", state.headSeq + state.rev, news);
  }
  return teller.added(decision);
}

/** By which somebody comes now. */
function linkOf(
  before: ChatState | null,
  { settings }: ChatState,
  { command }: AddressedCommand,
): ChatLink | undefined {
  if (command.kind === "join") return settings.links.get(command.code);
  if (command.kind !== "admit") return undefined;
  return settings.links.get(before?.settings.requests.get(command.userId)?.code ?? "");
}

function newRequests(before: ChatState | null, { settings }: ChatState): JoinRequest[] {
  if (before === null || before.settings.requests === settings.requests) return [];
  return [...settings.requests.values()].filter(({ userId }) => !before.settings.requests.has(userId));
}

/** The update that tells a bot of a press, and the row by which it is answered. */
export function callbackUpdate(
  state: ChatState,
  bot: NativeBotFact,
  press: {
    readonly queryId: number;
    readonly userId: UserId;
    readonly message: Message;
    readonly data: string;
    readonly isInline?: boolean;
  },
  nowMs: number,
): { readonly rows: readonly Row[]; readonly jobs: readonly Job[] } {
  const teller = new Teller(state, nowMs);
  teller.tell(bot, "callback_query", state.headSeq + state.rev, { kind: "callback", ...press });
  return { rows: teller.rows, jobs: teller.jobs() };
}

interface Change {
  readonly frame: ChangeFrame;
  readonly headSeq: number;
  readonly byId: UserId;
  /** By which who joins comes. */
  readonly link: ChatLink | undefined;
  readonly facts: ChatFacts;
}

function tellOfChange(teller: Teller, audience: Audience, change: Change): void {
  const { frame, headSeq, byId, link, facts } = change;
  const { state } = teller;
  const place = headSeq + frame.rev;
  switch (frame.type) {
    case "MessageEdited": {
      const message = messageAt(state, frame.seq);
      if (message === undefined || !isTold(message, facts)) return;
      const type = state.type === "channel" ? "edited_channel_post" : "edited_message";
      const reply = answered(state, message);
      for (const { bot, role } of audience.present()) {
        if (bot.id === message.senderId || !audience.hears(bot, role, message, reply)) continue;
        teller.tell(bot, type, place, withReply(message, reply));
      }
      return;
    }
    case "MemberChanged":
      return tellOfMember(teller, audience, frame, { place, byId, link });
    case "Reaction":
      return tellOfReaction(teller, audience, frame, { place, facts });
    case "Voted": {
      const message = messageAt(state, frame.seq);
      const asker = message === undefined ? undefined : audience.presentBot(message.senderId);
      if (message === undefined || asker === undefined) return;
      const { userId, seq, options } = frame;
      teller.tell(asker, "poll", place, { kind: "poll", message });
      teller.tell(asker, "poll_answer", place, { kind: "pollAnswer", userId, seq, options });
      return;
    }
    case "PollClosed": {
      const message = messageAt(state, frame.seq);
      const asker = message === undefined ? undefined : audience.presentBot(message.senderId);
      if (message !== undefined && asker !== undefined) {
        teller.tell(asker, "poll", place, { kind: "poll", message });
      }
      return;
    }
    case "MessageDeleted":
    case "Pinned":
    case "MessageSettled":
    case "ChatUpdated":
    case "AccessChanged":
      return;
  }
}

function tellOfMember(
  teller: Teller,
  audience: Audience,
  { userId, role, change }: Extract<ChangeFrame, { type: "MemberChanged" }>,
  { place, byId, link }: Pick<Change, "byId" | "link"> & { readonly place: number },
): void {
  const wasPresent = audience.presentBot(userId);
  const was = audience.standingOf(userId);
  const after: Standing = change === "left" || change === "removed" ? change : role;
  audience.move(userId, after);
  const traitBefore = audience.traitBefore(userId);
  const traitAfter = teller.state.settings.traits.get(userId);
  const news: BotNews = {
    ...memberNews(byId, userId, was, after),
    ...(traitBefore === undefined ? {} : { traitBefore }),
    ...(traitAfter === undefined ? {} : { traitAfter }),
    ...(change === "joined" && link !== undefined ? { link } : {}),
  };
  const itself = audience.presentBot(userId) ?? wasPresent;
  if (itself !== undefined) teller.tell(itself, "my_chat_member", place, news);
  for (const { bot, role: its } of audience.present()) {
    if (bot.id !== userId && leads(its)) teller.tell(bot, "chat_member", place, news);
  }
}

/** In groups it is administrators that hear of reactions, as at Telegram. */
function tellOfReaction(
  teller: Teller,
  audience: Audience,
  { seq, userId, emoji, remove }: Extract<ChangeFrame, { type: "Reaction" }>,
  { place, facts }: { readonly place: number; readonly facts: ChatFacts },
): void {
  const { state } = teller;
  const message = messageAt(state, seq);
  if (message === undefined || facts.nativeBots.has(userId)) return;
  const after = Object.entries(message.reactions).flatMap(([each, users]) =>
    users.includes(userId) ? [each] : [],
  );
  const before = remove ? [...after, emoji] : after.filter((each) => each !== emoji);
  for (const { bot, role } of audience.present()) {
    if (state.type !== "direct" && !leads(role)) continue;
    teller.tell(bot, "message_reaction", place, { kind: "reaction", userId, seq, before, after });
  }
}

/** Bots hear no bots, and nothing of what they could not show. */
function isTold(message: Message, facts: ChatFacts): boolean {
  if (message.kind === "service") return message.service?.action !== "role";
  return message.kind !== "e2ee" && !facts.nativeBots.has(message.senderId);
}

function messageAt(state: ChatState, seq: number): Message | undefined {
  const stored = recentMessage(state.recent, seq);
  return stored === undefined || stored.deletedAt !== null ? undefined : toMessage(stored);
}

function answered(state: ChatState, { replyTo }: Message): Message | undefined {
  return replyTo === null ? undefined : messageAt(state, replyTo);
}

function withReply(message: Message, reply: Message | undefined): BotNews {
  return { kind: "message", message, ...(reply === undefined ? {} : { reply }) };
}

function memberNews(
  byId: UserId,
  userId: UserId,
  before: Standing,
  after: Standing,
): Extract<BotNews, { kind: "member" }> {
  return { kind: "member", byId, userId, before, after };
}

/** Collects what bots are told. */
class Teller {
  readonly state: ChatState;
  readonly rows: Row[] = [];
  readonly #nowMs: number;
  readonly #told = new Set<UserId>();

  constructor(state: ChatState, nowMs: number) {
    this.state = state;
    this.#nowMs = nowMs;
  }

  tell(bot: NativeBotFact, type: NativeUpdateType, place: number, news: BotNews): void {
    if (!isAllowed(bot, type)) return;
    const { id: chatId } = this.state;
    const createdMs = this.#nowMs;
    const isCallback = news.kind === "callback";
    const row: BotUpdate = {
      botId: bot.id,
      type,
      chatId,
      place,
      queue: isCallback ? `user:${news.userId}` : `chat:${chatId}`,
      payload: { chat: chatFor(bot.id, this.state), atMs: createdMs, news },
      createdMs,
      expiresMs: createdMs + (isCallback ? callbackLifeMs : updateLifeMs),
    };
    this.rows.push({ table: "botUpdate", row });
    this.#told.add(bot.id);
  }

  jobs(): Job[] {
    return [...this.#told].map((botId) => ({
      kind: "botUpdate",
      owner: { kind: "bot", id: botId },
      job: { botId },
    }));
  }

  added(decision: Done): Done {
    if (this.rows.length === 0) return decision;
    return {
      ...decision,
      rows: [...decision.rows, ...this.rows],
      jobs: [...(decision.jobs ?? []), ...this.jobs()],
    };
  }
}

function isAllowed({ allowedUpdates }: NativeBotFact, type: NativeUpdateType): boolean {
  return allowedUpdates === null ? !namedUpdateTypes.includes(type) : allowedUpdates.includes(type);
}

function chatFor(botId: UserId, { id, type, title, members }: ChatState): BotChat {
  const peerId = type === "direct" ? [...members.keys()].find((userId) => userId !== botId) : undefined;
  return { id, type, title, ...(peerId === undefined ? {} : { peerId }) };
}
