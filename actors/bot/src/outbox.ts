/**
 * The sends of one bot that are not done, and which of them may go now.
 *
 *   waiting ──its chat's turn, and the paces allow──▶ in flight ──done──▶ gone
 *      ▲                                                 │
 *      └──────────────── again, after a while ───────────┘
 */
import type { ChatId } from "@rookery/protocol";
import { Pace } from "./pace.ts";

/**
 * In any second, of one bot. Telegram takes about 30. A send counts from when it is taken until a second after its answer: it
 * arrives somewhere in between, so that in no second there can arrive more, however late some are on their way.
 */
const perSecondMax = 28;
/** Of which bulk sends take at most so many. */
const bulkPerSecondMax = 24;
/** They go evenly, and no more are under way than a second's: whatever holds them up on the way, they do not arrive as a flood. */
const bulkWindowMs = 250;
const bulkPerWindowMax = 6;
const bulkInFlightMax = 24;
/** In any `chatWindowMs`, to one chat: one a second, with a short burst. */
const chatMax = 3;
const chatWindowMs = 3_000;
/** In any minute, to a group. Telegram takes 20. */
const groupPerMinuteMax = 19;
/** Chats told to wait within this are a sign that the bot is too fast. */
const complaintMs = 5_000;
const complaintsMin = 3;
/** The slowest a bot goes. */
const perSecondMin = 5;
/** Without a complaint for so long, the bot goes a step faster. */
const recoveryMs = 10_000;
/** Chats without sends that are remembered, for their pace and their last place. */
const idleChatsMax = 10_000;

export interface OutboxSend {
  readonly id: string;
  /** Ours: a chat keeps it when it has another id at Telegram, and with it its order. */
  readonly chatId: ChatId;
  /** Telegram's id of the chat; groups have negative ones. */
  readonly telegramChatId: number;
  /** Among the chat's. */
  readonly place: number;
  /** That of the send before it in its chat, done or not; 0 when it is the first. */
  readonly prevPlace: number;
  readonly bulk: boolean;
}

export type Verdict =
  | { readonly kind: "done" }
  /** Nothing is known against the chat; the same again after a while. */
  | { readonly kind: "again"; readonly afterMs: number }
  /** Telegram asks for patience. */
  | { readonly kind: "patience"; readonly retryMs: number };

interface ChatLine<S> {
  /** By place; the first may be in flight. */
  readonly sends: S[];
  /** Of them those that are no bulk: with one, the whole line is no bulk, for nothing overtakes within a chat. */
  urgent: number;
  inFlight: boolean;
  /** When the one in flight was taken, and whether as bulk. */
  takenMs: number;
  takenAsBulk: boolean;
  waitUntilMs: number;
  lastPlace: number;
  readonly pace: Pace;
  readonly minute: Pace;
}

export class Outbox<S extends OutboxSend = OutboxSend> {
  readonly #chats = new Map<number, ChatLine<S>>();
  /** Those without sends, in the order of use. */
  readonly #idle = new Set<number>();
  /**
   * Those with sends, in turn, conversations and bulk apart: what may not go now is not looked at, for 50,000 chats may wait here and
   * this is asked many times a second.
   */
  readonly #urgent = new Set<ChatLine<S>>();
  readonly #bulk = new Set<ChatLine<S>>();
  /** Of those answered; those under way are counted beside it. */
  readonly #second = new Pace(1_000);
  #inFlight = 0;
  readonly #bulkSecond = new Pace(1_000);
  readonly #bulkWindow = new Pace(bulkWindowMs);
  #bulkInFlight = 0;
  readonly #factor: number;
  #perSecond: number;
  #waitUntilMs = 0;
  #complaints: number[] = [];
  #steppedMs = 0;
  #size = 0;

  /** `paceFactor` multiplies all paces: 1, except before a Telegram of tests whose limits are multiplied too. */
  constructor(paceFactor = 1) {
    this.#factor = paceFactor;
    this.#perSecond = perSecondMax * paceFactor;
  }

  /** Sends not done. */
  get size(): number {
    return this.#size;
  }

  /** Whether nothing before this send can be missing here; if not, the chat's are to be read first. */
  follows({ chatId, prevPlace, place }: S): boolean {
    const lastPlace = this.#chats.get(chatId)?.lastPlace ?? -1;
    return lastPlace >= place || lastPlace === prevPlace;
  }

  /** What is there already, or was, changes nothing. */
  add(send: S): void {
    const line = this.#line(send.chatId);
    if (line.sends.some(({ id }) => id === send.id)) return;
    const at = line.sends.findLastIndex(({ place }) => place < send.place) + 1;
    // Whoever is in flight stays the first.
    line.sends.splice(Math.max(at, line.inFlight ? 1 : 0), 0, send);
    if (!send.bulk) line.urgent += 1;
    this.#enqueue(line);
    this.#idle.delete(send.chatId);
    line.lastPlace = Math.max(line.lastPlace, send.place);
    this.#size += 1;
  }

  /** Those that may go now, conversations first; from here on they are in flight. */
  take(nowMs: number, max: number): S[] {
    this.#recover(nowMs);
    if (nowMs < this.#waitUntilMs) return [];
    const taken: S[] = [];
    for (const lines of [this.#urgent, this.#bulk]) {
      const bulk = lines === this.#bulk;
      for (const line of lines) {
        const [send] = line.sends;
        if (send === undefined) continue;
        if (taken.length >= max || this.#second.room(this.#room, nowMs) === 0) return taken;
        if (bulk && this.#bulkRoom(nowMs) <= 0) return taken;
        if (line.inFlight || this.#dueMs(line, send, nowMs) > nowMs) continue;
        line.inFlight = true;
        line.takenMs = nowMs;
        line.takenAsBulk = bulk;
        line.pace.take(nowMs);
        line.minute.take(nowMs);
        this.#inFlight += 1;
        if (bulk) {
          this.#bulkSecond.take(nowMs);
          this.#bulkWindow.take(nowMs);
          this.#bulkInFlight += 1;
        }
        taken.push(send);
      }
    }
    return taken;
  }

  /** Those taken leave only now: what was written before took its time. */
  departed(sends: readonly S[], nowMs: number): void {
    for (const { id, chatId } of sends) {
      const line = this.#chats.get(chatId);
      if (line === undefined || !line.inFlight || line.sends[0]?.id !== id) continue;
      const paces = [line.pace, line.minute];
      if (line.takenAsBulk) paces.push(this.#bulkSecond, this.#bulkWindow);
      for (const pace of paces) pace.move(line.takenMs, nowMs);
      line.takenMs = nowMs;
    }
  }

  /** What became of one that was in flight. */
  settle({ id, chatId }: S, verdict: Verdict, nowMs: number): void {
    const line = this.#chats.get(chatId);
    if (line === undefined || line.sends[0]?.id !== id) return;
    if (line.inFlight) {
      this.#inFlight -= 1;
      this.#second.take(nowMs);
      if (line.takenAsBulk) this.#bulkInFlight -= 1;
    }
    line.inFlight = false;
    switch (verdict.kind) {
      case "done":
        this.#finish(line, chatId);
        return;
      case "again":
        line.waitUntilMs = nowMs + verdict.afterMs;
        return;
      case "patience":
        line.waitUntilMs = nowMs + verdict.retryMs;
        this.#complain(verdict.retryMs, nowMs);
        return;
    }
  }

  /** When `take` may have something again; null: not before something is added or settled. */
  nextMs(nowMs: number): number | null {
    if (this.#room <= 0) return null;
    const paceMs = Math.max(this.#waitUntilMs, this.#second.nextMs(this.#room, nowMs));
    const urgentMs = this.#earliest(this.#urgent, paceMs, nowMs);
    if (urgentMs === paceMs || this.#bulkInFlight >= bulkInFlightMax * this.#factor) return urgentMs;
    const bulkMs = this.#earliest(this.#bulk, Math.max(paceMs, this.#bulkNextMs(nowMs)), nowMs);
    if (urgentMs === null || bulkMs === null) return urgentMs ?? bulkMs;
    return Math.min(urgentMs, bulkMs);
  }

  /** The first of these lines that is due, not before `floorMs`, which nothing can be; null: all are in flight. */
  #earliest(lines: ReadonlySet<ChatLine<S>>, floorMs: number, nowMs: number): number | null {
    let next: number | null = null;
    for (const line of lines) {
      const [send] = line.sends;
      if (send === undefined || line.inFlight) continue;
      const dueMs = Math.max(this.#dueMs(line, send, nowMs), floorMs);
      if (dueMs === floorMs) return floorMs;
      if (next === null || dueMs < next) next = dueMs;
    }
    return next;
  }

  /** At the end of its turn, unless it has one. */
  #enqueue(line: ChatLine<S>): void {
    const [into, from] = isBulk(line) ? [this.#bulk, this.#urgent] : [this.#urgent, this.#bulk];
    from.delete(line);
    into.add(line);
  }

  #finish(line: ChatLine<S>, chatId: ChatId): void {
    if (line.sends.shift()?.bulk === false) line.urgent -= 1;
    this.#size -= 1;
    // To the end of the turn.
    this.#urgent.delete(line);
    this.#bulk.delete(line);
    if (line.sends.length > 0) return this.#enqueue(line);
    this.#idle.add(chatId);
    const [oldest] = this.#idle;
    if (this.#idle.size <= idleChatsMax || oldest === undefined) return;
    this.#idle.delete(oldest);
    this.#chats.delete(oldest);
  }

  /** Of a second's, what those under way leave. */
  get #room(): number {
    return Math.max(0, this.#perSecond - this.#inFlight);
  }

  #bulkRoom(nowMs: number): number {
    return Math.min(
      this.#bulkSecond.room(this.#bulkMax, nowMs),
      this.#bulkWindow.room(bulkPerWindowMax * this.#factor, nowMs),
      bulkInFlightMax * this.#factor - this.#bulkInFlight,
    );
  }

  #bulkNextMs(nowMs: number): number {
    return Math.max(
      this.#bulkSecond.nextMs(this.#bulkMax, nowMs),
      this.#bulkWindow.nextMs(bulkPerWindowMax * this.#factor, nowMs),
    );
  }

  get #bulkMax(): number {
    const kept = (perSecondMax - bulkPerSecondMax) * this.#factor;
    return Math.max(1, Math.min(bulkPerSecondMax * this.#factor, this.#perSecond - kept));
  }

  #dueMs(line: ChatLine<S>, { telegramChatId }: S, nowMs: number): number {
    const minuteMs = telegramChatId < 0 ? line.minute.nextMs(groupPerMinuteMax * this.#factor, nowMs) : nowMs;
    return Math.max(line.waitUntilMs, line.pace.nextMs(chatMax * this.#factor, nowMs), minuteMs);
  }

  #complain(retryMs: number, nowMs: number): void {
    this.#complaints = [...this.#complaints.filter((atMs) => atMs > nowMs - complaintMs), nowMs];
    this.#steppedMs = nowMs;
    if (this.#complaints.length < complaintsMin) return;
    this.#complaints = [];
    this.#waitUntilMs = Math.max(this.#waitUntilMs, nowMs + retryMs);
    this.#perSecond = Math.max(perSecondMin * this.#factor, Math.floor(this.#perSecond * 0.75));
  }

  #recover(nowMs: number): void {
    const most = perSecondMax * this.#factor;
    if (this.#perSecond >= most || nowMs - this.#steppedMs < recoveryMs) return;
    this.#perSecond = Math.min(most, this.#perSecond + this.#factor);
    this.#steppedMs = nowMs;
  }

  #line(chatId: ChatId): ChatLine<S> {
    let line = this.#chats.get(chatId);
    if (line === undefined) {
      line = {
        sends: [],
        urgent: 0,
        inFlight: false,
        takenMs: 0,
        takenAsBulk: false,
        waitUntilMs: 0,
        lastPlace: -1,
        pace: new Pace(chatWindowMs),
        minute: new Pace(60_000),
      };
      this.#chats.set(chatId, line);
    }
    return line;
  }
}

function isBulk({ urgent }: ChatLine<OutboxSend>): boolean {
  return urgent === 0;
}
