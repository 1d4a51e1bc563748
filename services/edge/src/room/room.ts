import type { ChangeFrame, ChatId, ServerFrame } from "@rookery/protocol";

/** Frames kept while a socket catches up; beyond it the socket reads once more from Postgres. */
const tailMax = 256;

/** Where a reader stands in a chat. */
export interface Place {
  readonly seq: number;
  readonly rev: number;
}

/** A frame with its place in one of the chat's two sequences; a message also stands behind the changes up to its rev. */
export type PlacedFrame =
  | { readonly kind: "message"; readonly seq: number; readonly rev: number; readonly frame: ServerFrame }
  | { readonly kind: "change"; readonly rev: number; readonly frame: ChangeFrame };

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
  /** Known to be committed; beyond (seq, rev) while healing. */
  headSeq = 0;
  headRev = 0;
  healing = false;
  ready: Promise<void> = Promise.resolve();
  /** What was passed on since the first of those catching up began, while there are any. */
  #tail: PlacedFrame[] = [];
  #catching = 0;

  constructor(chatId: ChatId) {
    this.chatId = chatId;
  }

  get known(): boolean {
    return this.seq >= 0;
  }

  get place(): Place {
    return { seq: Math.max(0, this.seq), rev: Math.max(0, this.rev) };
  }

  /**
   * Whether a frame is the next of its sequence. A message waits for the changes before it: who was removed by one of them
   * must not hear it.
   */
  isNext(placed: PlacedFrame): boolean {
    return placed.kind === "message"
      ? placed.seq === this.seq + 1 && placed.rev <= this.rev
      : placed.rev === this.rev + 1;
  }

  /** Moves past a frame that has just been passed on. */
  pass(placed: PlacedFrame): void {
    if (placed.kind === "message") this.seq = placed.seq;
    else this.rev = placed.rev;
    if (this.#catching === 0) return;
    this.#tail.push(placed);
    if (this.#tail.length > tailMax) this.#tail.shift();
  }

  beginCatchUp(): void {
    this.#catching += 1;
  }

  endCatchUp(): void {
    this.#catching -= 1;
    if (this.#catching === 0) this.#tail = [];
  }

  /** The frames after a place, if they are all still kept; null: read again. */
  tailAfter(place: Place): PlacedFrame[] | null {
    const frames = this.#tail.filter((each) =>
      each.kind === "message" ? each.seq > place.seq : each.rev > place.rev,
    );
    const messages = frames.filter((each) => each.kind === "message").length;
    const complete = place.seq + messages >= this.seq && place.rev + (frames.length - messages) >= this.rev;
    return complete ? frames : null;
  }
}
