/**
 * The deliveries of one endpoint that are not done, and which of them may go now. Pure: the clock and chance are arguments,
 * nothing waits and nothing is sent here.
 *
 *   waiting ──due, its turn, and room──▶ in flight ──judge──▶ judged ──its row is written: settle──▶ gone
 *      ▲                                    │                    │
 *      │                                    └─ it did not leave ─┤
 *      └──────────────── again, at its time ─────────────────────┘
 *
 * A place in flight is free again once there is an answer; in a FIFO endpoint the chat's next goes when the row is written, so that
 * whoever takes over never sends an earlier one after a later one.
 */
import { type RetrySetting, type Schedule, scheduleOf, waitAfter, waitMsMax } from "@rookery/webhook";
import { type Answer, meaningOf } from "./answer.ts";
import { Breaker } from "./breaker.ts";
import { DueQueue } from "./due-queue.ts";
import { Rate } from "./rate.ts";
import { Throttle } from "./throttle.ts";

/** As its owner wants it. */
export interface EndpointPolicy {
  /** Of each chat one at a time, in its order. */
  readonly fifo: boolean;
  /** In any second; null: as fast as it answers. */
  readonly rateLimit: number | null;
  /** In flight at once. */
  readonly concurrency: number;
  readonly retry: RetrySetting | null;
}

export interface EndpointDelivery {
  readonly id: string;
  /** Null: about no chat; those are one line. */
  readonly chatId: number | null;
  /** Its order in the chat. */
  readonly place: number;
  /** Attempts that are written. */
  readonly attempts: number;
  /** Not before. */
  readonly nextMs: number;
}

/** What an attempt makes of a delivery, to be written before `settle`. */
export interface Judgement {
  readonly state: "delivered" | "pending" | "dead";
  /** With this one. */
  readonly attempts: number;
  /** Of those pending: when it is tried again. */
  readonly nextMs: number | null;
  /** What it makes of the endpoint; to be written with it. */
  readonly endpoint: EndpointChange | null;
}

export type EndpointChange =
  | { readonly kind: "failing"; readonly sinceMs: number }
  | { readonly kind: "recovered" }
  /** `gone`: it said so (410); `failing`: nothing but failures for days. */
  | { readonly kind: "disabled"; readonly reason: "gone" | "failing" };

/** A failure so long after the one before begins a new time of failures: in between nothing was asked of it. */
const quietMs = waitMsMax;

interface Entry<D> {
  readonly delivery: D;
  readonly line: Line<D> | null;
  readonly order: number;
  attempts: number;
  dueMs: number;
  state: "waiting" | "inFlight" | "judged";
  isQueued: boolean;
}

/** Of a chat, by place; the first may be under way. */
type Line<D> = Entry<D>[];

export class Endpoint<D extends EndpointDelivery = EndpointDelivery> {
  readonly #disableMs: number;
  readonly #breaker = new Breaker();
  readonly #entries = new Map<string, Entry<D>>();
  #lines = new Map<number, Line<D>>();
  #queue = new DueQueue<Entry<D>>();
  #policy: EndpointPolicy;
  #schedule: Schedule;
  #throttle: Throttle;
  #rate: Rate | null;
  #order = 0;
  #inFlight = 0;
  #isDisabled = false;
  #failingSinceMs: number | null;
  #lastFailureMs: number | null = null;

  constructor(
    policy: EndpointPolicy,
    past: {
      /** As its row says: null, or since when all attempts failed. */
      readonly failingSinceMs: number | null;
      /** So long nothing but failures, and it is disabled. */
      readonly disableMs: number;
    },
  ) {
    this.#policy = policy;
    this.#schedule = scheduleOf(policy.retry);
    this.#throttle = new Throttle(policy.concurrency);
    this.#rate = rateOf(policy);
    this.#failingSinceMs = past.failingSinceMs;
    this.#disableMs = past.disableMs;
  }

  /** Deliveries not done. */
  get size(): number {
    return this.#entries.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Of a FIFO endpoint: how many of a chat are here. */
  lineSize(chatId: number | null): number {
    return this.#lines.get(chatId ?? 0)?.length ?? 0;
  }

  /** Its owner wants it otherwise from now on; what is under way ends as it began. */
  change(policy: EndpointPolicy): void {
    const before = this.#policy;
    this.#policy = policy;
    this.#schedule = scheduleOf(policy.retry);
    if (before.concurrency !== policy.concurrency) this.#throttle = new Throttle(policy.concurrency);
    if (before.rateLimit !== policy.rateLimit) this.#rate = rateOf(policy);
    if (before.fifo !== policy.fifo) this.#line();
  }

  /**
   * What is there already changes nothing. Of a FIFO endpoint the earlier ones of its chat MUST be here or done: read the rows,
   * do not trust the word of them alone.
   */
  add(delivery: D, nowMs: number): void {
    if (this.#entries.has(delivery.id)) return;
    const entry: Entry<D> = {
      delivery,
      line: this.#policy.fifo ? this.#lineOf(delivery) : null,
      order: (this.#order += 1),
      attempts: delivery.attempts,
      // Further ahead than any schedule goes only a clock that has jumped can have put it.
      dueMs: Math.min(delivery.nextMs, nowMs + 2 * waitMsMax),
      state: "waiting",
      isQueued: false,
    };
    this.#entries.set(delivery.id, entry);
    if (entry.line !== null) insert(entry.line, entry);
    this.#enqueue(entry);
  }

  /** Those that may go now, longest due first; from here on they are in flight. */
  take(nowMs: number, max: number): D[] {
    const taken: D[] = [];
    while (taken.length < max && !this.#isDisabled && this.#inFlight < this.#throttle.room) {
      const entry = this.#peek();
      if (entry === undefined || entry.dueMs > nowMs || (this.#rate?.nextMs ?? nowMs) > nowMs) break;
      if (!this.#breaker.allows(nowMs)) break;
      this.#queue.pop();
      entry.isQueued = false;
      entry.state = "inFlight";
      this.#inFlight += 1;
      this.#rate?.take(nowMs);
      taken.push(entry.delivery);
    }
    return taken;
  }

  /**
   * What the answer to one in flight means. It is done with, or due again, when `settle` says that this is written.
   * @param random from 0 to 1
   */
  judge({ id }: D, answer: Answer, nowMs: number, random: number): Judgement {
    const entry = this.#entries.get(id);
    if (entry?.state !== "inFlight") throw new Error("only what is in flight is judged");
    this.#land(entry, "judged");
    const meaning = meaningOf(answer, nowMs);
    this.#breaker.note(meaning.kind === "taken", nowMs);
    const attempts = entry.attempts + 1;
    if (meaning.kind === "taken") {
      this.#throttle.taken();
      return { state: "delivered", attempts, nextMs: null, endpoint: this.#recovered() };
    }
    const endpoint = meaning.kind === "gone" ? this.#disable("gone") : this.#failed(nowMs);
    const waitMs =
      meaning.kind === "gone" ? null : waitAfter(this.#schedule, attempts, random, meaning.retryAfterMs);
    if (meaning.kind === "failed" && meaning.isTooFast) this.#throttle.tooFast(nowMs);
    if (waitMs === null) return { state: "dead", attempts, nextMs: null, endpoint };
    return { state: "pending", attempts, nextMs: nowMs + waitMs, endpoint };
  }

  /** The row says so now. */
  settle({ id }: D, { state, attempts, nextMs }: Omit<Judgement, "endpoint">): void {
    const entry = this.#entries.get(id);
    if (entry?.state !== "judged") return;
    if (state === "pending") {
      entry.attempts = attempts;
      this.#again(entry, nextMs ?? entry.dueMs);
      return;
    }
    this.#entries.delete(id);
    this.#leaveLine(entry);
  }

  /** One in flight that did not leave after all: no attempt; due again then. */
  putBack({ id }: D, dueMs: number): void {
    const entry = this.#entries.get(id);
    if (entry?.state !== "inFlight") return;
    this.#land(entry, "waiting");
    this.#breaker.withdraw();
    this.#again(entry, dueMs);
  }

  /** When `take` may have something; null: not before something is added, judged or settled. */
  nextMs(nowMs: number): number | null {
    if (this.#isDisabled || this.#inFlight >= this.#throttle.room) return null;
    const entry = this.#peek();
    const breakerMs = this.#breaker.nextMs(nowMs);
    if (entry === undefined || breakerMs === null) return null;
    return Math.max(entry.dueMs, breakerMs, this.#rate?.nextMs ?? nowMs);
  }

  #land(entry: Entry<D>, state: "judged" | "waiting"): void {
    entry.state = state;
    this.#inFlight -= 1;
  }

  #again(entry: Entry<D>, dueMs: number): void {
    entry.state = "waiting";
    entry.dueMs = dueMs;
    this.#enqueue(entry);
  }

  #recovered(): EndpointChange | null {
    this.#lastFailureMs = null;
    if (this.#failingSinceMs === null) return null;
    this.#failingSinceMs = null;
    return { kind: "recovered" };
  }

  #failed(nowMs: number): EndpointChange | null {
    const isQuiet = this.#lastFailureMs !== null && nowMs - this.#lastFailureMs > quietMs;
    this.#lastFailureMs = nowMs;
    // A clock that has jumped back must not make it fail since tomorrow.
    if (this.#failingSinceMs === null || isQuiet || this.#failingSinceMs > nowMs) {
      this.#failingSinceMs = nowMs;
      return { kind: "failing", sinceMs: nowMs };
    }
    return nowMs - this.#failingSinceMs >= this.#disableMs ? this.#disable("failing") : null;
  }

  #disable(reason: "gone" | "failing"): EndpointChange | null {
    if (this.#isDisabled) return null;
    this.#isDisabled = true;
    return { kind: "disabled", reason };
  }

  /** The first in the queue that is still what it was queued as. */
  #peek(): Entry<D> | undefined {
    for (;;) {
      const entry = this.#queue.first;
      if (entry === undefined || isFirst(entry)) return entry;
      this.#queue.pop();
      entry.isQueued = false;
    }
  }

  /** Where another of its chat is before it, it waits for that one. */
  #enqueue(entry: Entry<D>): void {
    if (entry.isQueued || entry.state !== "waiting" || !isFirst(entry)) return;
    entry.isQueued = true;
    this.#queue.push(entry);
  }

  #leaveLine({ line, delivery }: Entry<D>): void {
    if (line === null) return;
    line.splice(
      line.findIndex((other) => other.delivery.id === delivery.id),
      1,
    );
    const [next] = line;
    if (next !== undefined) this.#enqueue(next);
    else if (this.#lines.get(delivery.chatId ?? 0) === line) this.#lines.delete(delivery.chatId ?? 0);
  }

  #lineOf({ chatId }: EndpointDelivery): Line<D> {
    const line = this.#lines.get(chatId ?? 0) ?? [];
    this.#lines.set(chatId ?? 0, line);
    return line;
  }

  /** Puts everything in lines, or out of them. */
  #line(): void {
    const entries = [...this.#entries.values()];
    this.#lines = new Map();
    this.#queue = new DueQueue();
    const renewed = entries.map((entry) => ({
      ...entry,
      line: this.#policy.fifo ? this.#lineOf(entry.delivery) : null,
      isQueued: false,
    }));
    // What is under way stays the first of its line.
    for (const entry of renewed.toSorted(
      (one, other) => Number(isUnderWay(other)) - Number(isUnderWay(one)),
    )) {
      this.#entries.set(entry.delivery.id, entry);
      if (entry.line !== null) insert(entry.line, entry);
    }
    for (const entry of renewed) this.#enqueue(entry);
  }
}

function rateOf({ rateLimit }: EndpointPolicy): Rate | null {
  return rateLimit === null ? null : new Rate(rateLimit);
}

function isUnderWay({ state }: Entry<unknown>): boolean {
  return state !== "waiting";
}

function isFirst<D>(entry: Entry<D>): boolean {
  return entry.line === null || entry.line[0] === entry;
}

/** By place, behind what is under way. */
function insert<D extends EndpointDelivery>(line: Line<D>, entry: Entry<D>): void {
  let at = line.length;
  for (; at > 0; at -= 1) {
    const before = line[at - 1] as Entry<D>;
    if (isUnderWay(before) || before.delivery.place <= entry.delivery.place) break;
  }
  line.splice(at, 0, entry);
}
