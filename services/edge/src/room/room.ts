import type { ChangeFrame, ChatId, ServerFrame } from "@rookery/protocol";
import type { Connection } from "../socket/connection.ts";

/** Frames kept while a socket catches up; beyond it the socket reads once more from Postgres. */
const tailMax = 256;

/** Where a reader stands in a chat. */
export interface Place {
  readonly seq: number;
  readonly rev: number;
  readonly receiptRev: number;
}

/**
 * What is passed on, with its place in one of the chat's sequences; a message also stands behind the changes up to its rev.
 * Receipts lead from one rev of theirs to another: from 0 when they are all there are.
 */
export type Placed =
  | { readonly kind: "message"; readonly seq: number; readonly rev: number; readonly frame: ServerFrame }
  | { readonly kind: "change"; readonly rev: number; readonly frame: ChangeFrame }
  | {
      readonly kind: "receipts";
      readonly fromRev: number;
      readonly receiptRev: number;
      readonly frames: readonly ServerFrame[];
    };

export function framesOf(placed: Placed): readonly ServerFrame[] {
  return placed.kind === "receipts" ? placed.frames : [placed.frame];
}

/**
 * A chat with sockets on this edge: how far its frames have been passed on, in order and without gaps (L4, L5).
 *
 * unknown ──watch confirmed──▶ following ──gap, or a head beyond──▶ healing (reading Postgres) ──▶ following
 */
export class Room {
  readonly chatId: ChatId;
  /** Sockets that are in it or on their way. */
  users = 0;
  /** Passed on to the sockets; -1 before the owner has said where the chat stands. */
  seq = -1;
  rev = -1;
  receiptRev = -1;
  /** Known to be committed; beyond what was passed on while healing. */
  head: Place = { seq: 0, rev: 0, receiptRev: 0 };
  healing = false;
  /** Those who hear it live. An array, each knows its own place in it: a set would cost five times the memory. */
  readonly hearers: Connection[] = [];
  ready: Promise<void> = Promise.resolve();
  /** What was passed on since the first of those catching up began, while there are any. */
  #tail: Placed[] = [];
  #catching = 0;

  constructor(chatId: ChatId) {
    this.chatId = chatId;
  }

  get known(): boolean {
    return this.seq >= 0;
  }

  get place(): Place {
    const { seq, rev, receiptRev } = this;
    return { seq: Math.max(0, seq), rev: Math.max(0, rev), receiptRev: Math.max(0, receiptRev) };
  }

  /** Whether something is committed that was not passed on. */
  get behind(): boolean {
    const { seq, rev, receiptRev } = this.head;
    return seq > this.seq || rev > this.rev || receiptRev > this.receiptRev;
  }

  /** So far is committed. */
  learn({ seq, rev, receiptRev }: Partial<Place>): void {
    this.head = {
      seq: Math.max(this.head.seq, seq ?? 0),
      rev: Math.max(this.head.rev, rev ?? 0),
      receiptRev: Math.max(this.head.receiptRev, receiptRev ?? 0),
    };
  }

  /** Nobody is in it yet: it begins at its head. */
  begin(): void {
    ({ seq: this.seq, rev: this.rev, receiptRev: this.receiptRev } = this.head);
  }

  /**
   * Whether a frame is the next of its sequence. A message waits for the changes before it: who was removed by one of them
   * must not hear it.
   */
  isNext(placed: Placed): boolean {
    switch (placed.kind) {
      case "message":
        return placed.seq === this.seq + 1 && placed.rev <= this.rev;
      case "change":
        return placed.rev === this.rev + 1;
      case "receipts":
        return placed.fromRev <= this.receiptRev && placed.receiptRev > this.receiptRev;
    }
  }

  /** Moves past a frame that has just been passed on. */
  pass(placed: Placed): void {
    if (placed.kind === "message") this.seq = placed.seq;
    else if (placed.kind === "change") this.rev = placed.rev;
    else this.receiptRev = placed.receiptRev;
    if (this.#catching === 0) return;
    this.#tail.push(placed);
    if (this.#tail.length > tailMax) this.#tail.shift();
  }

  /** @returns its place. */
  hear(connection: Connection): number {
    return this.hearers.push(connection) - 1;
  }

  /** The last takes the place that is free. */
  unhear(place: number): void {
    const last = this.hearers.pop();
    if (last === undefined || place === this.hearers.length) return;
    this.hearers[place] = last;
    last.rooms.setPlace(this.chatId, place);
  }

  beginCatchUp(): void {
    this.#catching += 1;
  }

  endCatchUp(): void {
    this.#catching -= 1;
    if (this.#catching === 0) this.#tail = [];
  }

  /** The frames after a place, if they are all still kept; null: read again. */
  tailAfter(place: Place): Placed[] | null {
    const { seq, rev, receiptRev } = this.place;
    const tail = this.#tail.filter((each) => isAfter(each, place));
    const count = (kind: Placed["kind"]): number => tail.filter((each) => each.kind === kind).length;
    const receipts = tail.find((each) => each.kind === "receipts");
    const isComplete =
      place.seq + count("message") >= seq &&
      place.rev + count("change") >= rev &&
      (place.receiptRev >= receiptRev || (receipts !== undefined && receipts.fromRev <= place.receiptRev));
    return isComplete ? tail : null;
  }
}

function isAfter(placed: Placed, place: Place): boolean {
  switch (placed.kind) {
    case "message":
      return placed.seq > place.seq;
    case "change":
      return placed.rev > place.rev;
    case "receipts":
      return placed.receiptRev > place.receiptRev;
  }
}
