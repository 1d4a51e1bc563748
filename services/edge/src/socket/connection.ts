import type { Principal } from "@rookery/auth";
import type { ChatId, FaultInfo, ServerFrame, UserId } from "@rookery/protocol";
import type { WebSocket } from "uWebSockets.js";
import type { Flusher } from "./flusher.ts";
import type { Format } from "./format.ts";
import { Seats } from "./seats.ts";

/** What the upgrade has found out; uWS keeps it with the socket. */
export interface Session {
  readonly connId: string;
  readonly userId: UserId;
  /** What the client calls itself (`?device=`). */
  readonly device: string | null;
  /** What was shown at the door; a fresh token by `Auth` takes its place. The socket ends with it. */
  principal: Principal;
  /** Looked up at the door, and again whenever rights change: frames cannot wait for an answer, or lose their order. */
  mayWrite: boolean;
  readonly format: Format;
  /** `?resume=1`: live frames are held until the first Sync. */
  readonly resume: boolean;
  connection: Connection | null;
}

/**
 * opening ──chats watched, Hello──▶ live
 *                    └─`resume`──▶ held ──first Sync──▶ live
 * any ──closed by either side──▶ closed
 */
export type Phase = "opening" | "held" | "live" | "closed";

const none: ReadonlySet<string> = new Set();
/** Who sends much goes on when no more waits: eight chats' pages beside it are still well below what ends a socket. */
const unsentBytesLow = 256 * 1024;

/** One socket and what it follows. */
export class Connection {
  readonly session: Session;
  readonly sinceMs = Date.now();
  phase: Phase = "opening";
  /** Rooms it has entered; those it is subscribed to get their frames live. */
  readonly rooms = new Seats();
  /** Its client's own word. */
  away = false;
  /** The user's feed, as far as it has been passed on. */
  userRev = 0;
  pulling: Promise<void> | null = null;
  /** Commands without an answer. */
  pending = 0;
  /** While a forward is looked at: the commands behind it wait, so that they keep their order. */
  looking: Promise<void> | null = null;
  /** Frames that could not be read, and the minute they are counted in. */
  badFrames = 0;
  badSinceMs = 0;
  /** By the steady clock: when the peer last answered a ping, and when it was last asked. */
  heardMs = wholeMs();
  pingedMs = this.heardMs;
  /** Frames that came before Hello, in order. */
  early: { readonly frames: ArrayBuffer[]; bytes: number } | null = null;
  #channels: Set<string> | null = null;
  /** Frames to be written, in order, at the end of the turn. */
  #outbox: Uint8Array[] | null = null;
  /** Those who wait until its peer has taken something. */
  #waiting: (() => void)[] | null = null;
  readonly #socket: WebSocket<Session>;
  readonly #flusher: Pick<Flusher, "add">;

  constructor(socket: WebSocket<Session>, flusher: Pick<Flusher, "add">) {
    this.#socket = socket;
    this.#flusher = flusher;
    this.session = socket.getUserData();
  }

  /** Sockets of people hear all their chats; those of API keys what they watch. */
  get hears(): "all" | "chosen" {
    return this.session.principal.keyId === null ? "all" : "chosen";
  }

  get closed(): boolean {
    return this.phase === "closed";
  }

  /** Bytes the peer has not taken. */
  get unsentBytes(): number {
    return this.closed ? 0 : this.#socket.getBufferedAmount();
  }

  /** What it has asked to watch, by name: `chat:5`, `bot:7`, `all`, `presence:9`. */
  get channels(): ReadonlySet<string> {
    return this.#channels ?? none;
  }

  addChannel(channel: string): void {
    (this.#channels ??= new Set()).add(channel);
  }

  /** @returns whether it was watched. */
  deleteChannel(channel: string): boolean {
    return this.#channels?.delete(channel) === true;
  }

  /** The peer was heard. */
  hear(): void {
    this.heardMs = wholeMs();
  }

  ping(nowMs: number): void {
    if (this.closed) return;
    this.pingedMs = Math.trunc(nowMs);
    this.#socket.ping();
  }

  send(frame: ServerFrame): void {
    if (!this.closed) this.queue(this.session.format.encode(frame));
  }

  sendAll(frames: Iterable<ServerFrame>): void {
    for (const frame of frames) this.send(frame);
  }

  /** A frame in the socket's format; behind those sent before it. */
  queue(bytes: Uint8Array): void {
    if (this.#outbox !== null) {
      this.#outbox.push(bytes);
      return;
    }
    this.#outbox = [bytes];
    this.#flusher.add(this);
  }

  /** Writes the outbox at once. */
  flush(): void {
    const frames = this.#outbox;
    this.#outbox = null;
    if (frames === null || this.closed) return;
    const { binary } = this.session.format;
    const [first] = frames;
    if (first !== undefined && frames.length === 1) this.#socket.send(first, binary);
    else
      this.#socket.cork(() => {
        for (const bytes of frames) this.#socket.send(bytes, binary);
      });
  }

  /** Resolves when the peer has taken nearly all it was sent, or is gone. */
  async taken(): Promise<void> {
    this.flush();
    while (this.unsentBytes > unsentBytesLow) {
      await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve));
    }
  }

  /** The peer has taken something, or is gone. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const resolve of waiting ?? []) resolve();
  }

  /** Tells all that it watches. */
  tellWatched(): void {
    this.send({ type: "Watched", channels: [...this.channels] });
  }

  refuse(fault: FaultInfo, uuid?: string): void {
    this.send({ type: "Error", ...(uuid === undefined ? {} : { uuid }), ...fault });
  }

  /** From here on the room's frames come live. */
  subscribe(chatId: ChatId): void {
    const room = this.rooms.roomOf(chatId);
    if (this.closed || room === undefined || this.rooms.placeOf(chatId) >= 0) return;
    this.rooms.setPlace(chatId, room.hear(this));
  }

  unsubscribe(chatId: ChatId): void {
    const place = this.rooms.placeOf(chatId);
    if (place < 0) return;
    this.rooms.roomOf(chatId)?.unhear(place);
    this.rooms.setPlace(chatId, -1);
  }

  /** Sends the close frame; uWS reports the close, and only then is the connection gone. */
  end(code: number, reason: string): void {
    if (this.closed) return;
    this.flush();
    this.#socket.end(code, reason);
  }
}

/** Whole, since V8 keeps a fraction in an object of its own. */
function wholeMs(): number {
  return Math.trunc(performance.now());
}
