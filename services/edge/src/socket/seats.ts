/** The rooms that one socket is in. There are millions of them on an edge, so what is settled is three slots of an array. */
import type { ChatId, Rev } from "@rookery/protocol";
import type { Place, Room } from "../room/room.ts";

/** Of a room: the room, or who works on it; its user's rev; its place among those who hear it. */
const stride = 3;
/** Its frames do not come live. */
const nowhere = -1;

/**
 * A socket in a room while something is done for it there: it enters, catches up, is told of the chat. Who holds it lets it go;
 * then what is settled is kept without it. Once `gone` it is out of the room, or back in it by another way.
 */
export class Presence {
  readonly room: Room;
  /** Its user is known to be in the chat at this rev of it; null: not yet looked up. */
  memberRev: Rev | null;
  /** While that is looked up: its user was heard to leave at this rev. */
  leftRev: Rev = 0;
  /** How far it has been told of a chat its user has just joined, by that change of the user's feed. */
  told: { readonly userRev: Rev; place: Place } | null = null;
  gone = false;
  /** Its place among those who hear it. */
  place = nowhere;
  holders = 1;

  constructor(room: Room, memberRev: Rev | null) {
    this.room = room;
    this.memberRev = memberRev;
  }

  /** Its frames come live. */
  get isHeard(): boolean {
    return this.place !== nowhere;
  }
}

/** By chat id. Measured with `npm run load -- idle`: 24 bytes a room, where a map of objects took 120. */
export class Seats {
  #slots: (Room | Presence | number)[] = [];

  get size(): number {
    return this.#slots.length / stride;
  }

  has(chatId: ChatId): boolean {
    return this.#find(chatId) >= 0;
  }

  /** As they are now: what is done with them may change them. */
  keys(): ChatId[] {
    const keys: ChatId[] = [];
    for (let at = 0; at < this.#slots.length; at += stride) keys.push(this.#roomAt(at).chatId);
    return keys;
  }

  roomOf(chatId: ChatId): Room | undefined {
    const at = this.#find(chatId);
    return at < 0 ? undefined : this.#roomAt(at);
  }

  /** Null: not yet looked up; undefined: it is not there. */
  memberRevOf(chatId: ChatId): Rev | null | undefined {
    const at = this.#find(chatId);
    if (at < 0) return undefined;
    const seat = this.#slots[at];
    return seat instanceof Presence ? seat.memberRev : (this.#slots[at + 1] as Rev);
  }

  /** Enters a room. Held: `letGo` it. */
  add(room: Room, memberRev: Rev | null): Presence {
    const presence = new Presence(room, memberRev);
    this.#slots.splice(-this.#find(room.chatId) - 1, 0, presence, 0, nowhere);
    return presence;
  }

  /** What is done for it in a room: `letGo` it. */
  hold(chatId: ChatId): Presence | undefined {
    const at = this.#find(chatId);
    if (at < 0) return undefined;
    const seat = this.#slots[at];
    if (seat instanceof Presence) {
      seat.holders += 1;
      return seat;
    }
    const presence = new Presence(seat as Room, this.#slots[at + 1] as Rev);
    presence.place = this.#slots[at + 2] as number;
    this.#slots[at] = presence;
    return presence;
  }

  letGo(presence: Presence): void {
    presence.holders -= 1;
    const { room, memberRev, told, place } = presence;
    // What was told stays told: a Sync may read the same change of the feed again, and a chat that is told anew has a later rev
    // than the frames that are on their way, which its client would take for old.
    if (presence.holders > 0 || presence.gone || memberRev === null || told !== null) return;
    const at = this.#find(room.chatId);
    this.#slots[at] = room;
    this.#slots[at + 1] = memberRev;
    this.#slots[at + 2] = place;
  }

  /** Heard to leave while it is looked up whether its user is there. */
  noteLeft(chatId: ChatId, rev: Rev): void {
    const seat = this.#slots[this.#find(chatId)];
    if (seat instanceof Presence) seat.leftRev = rev;
  }

  delete(chatId: ChatId): void {
    const at = this.#find(chatId);
    if (at < 0) return;
    const [seat] = this.#slots.splice(at, stride);
    if (seat instanceof Presence) seat.gone = true;
  }

  clear(): void {
    for (const seat of this.#slots) if (seat instanceof Presence) seat.gone = true;
    this.#slots = [];
  }

  /** Gives back the room that arrays keep to grow. */
  trim(): void {
    this.#slots = this.#slots.slice();
  }

  /** -1: its frames do not come live, or it is not there. */
  placeOf(chatId: ChatId): number {
    const at = this.#find(chatId);
    if (at < 0) return nowhere;
    const seat = this.#slots[at];
    return seat instanceof Presence ? seat.place : (this.#slots[at + 2] as number);
  }

  setPlace(chatId: ChatId, place: number): void {
    const at = this.#find(chatId);
    if (at < 0) return;
    const seat = this.#slots[at];
    if (seat instanceof Presence) seat.place = place;
    else this.#slots[at + 2] = place;
  }

  #roomAt(at: number): Room {
    const seat = this.#slots[at];
    return seat instanceof Presence ? seat.room : (seat as Room);
  }

  /** Where it is, or -1 less where it belongs. */
  #find(chatId: ChatId): number {
    let [low, high] = [0, this.#slots.length / stride];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.#roomAt(middle * stride).chatId;
      if (found === chatId) return middle * stride;
      if (found < chatId) low = middle + 1;
      else high = middle;
    }
    return -(low * stride) - 1;
  }
}
