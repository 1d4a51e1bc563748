import type { Principal } from "@rookery/auth";
import type { ChatId, FaultInfo, Rev, ServerFrame, UserId } from "@rookery/protocol";
import type { WebSocket } from "uWebSockets.js";
import type { Place, Room } from "../room/room.ts";
import type { Format, FormatName } from "./format.ts";

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

/** The topic of a chat for the sockets of one format: a frame is encoded once a format, and sent by uWS. */
export function topicOf(chatId: ChatId, format: FormatName): string {
  return `${format === "json" ? "j" : "p"}${chatId}`;
}

/** The topic of a user whose presence sockets of one format watch. */
export function presenceTopicOf(userId: UserId, format: FormatName): string {
  return `${format === "json" ? "j" : "p"}u${userId}`;
}

/** A socket in a room; its frames come live once it is subscribed. */
export interface Presence {
  readonly room: Room;
  subscribed: boolean;
  /** Its user is known to be in the chat at this rev of it; null: not yet looked up. */
  memberRev: Rev | null;
  /** Its user was heard to leave at this rev. Word from before `memberRev` is old: they have come back since. */
  leftRev: Rev;
  /** How far it has been told of a chat its user has just joined, by that change of the user's feed. */
  told: { readonly userRev: Rev; place: Place } | null;
}

/** One socket and what it follows. */
export class Connection {
  readonly session: Session;
  readonly sinceMs = Date.now();
  phase: Phase = "opening";
  /** Rooms it has entered; those it is subscribed to get their frames live. */
  readonly rooms = new Map<ChatId, Presence>();
  /** What it has asked to watch, by name: `chat:5`, `bot:7`, `all`, `presence:9`. */
  readonly channels = new Set<string>();
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
  heardMs = performance.now();
  pingedMs = performance.now();
  /** Frames that came before Hello, in order. */
  early: ArrayBuffer[] = [];
  readonly #socket: WebSocket<Session>;

  constructor(socket: WebSocket<Session>) {
    this.#socket = socket;
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

  ping(nowMs: number): void {
    if (this.closed) return;
    this.pingedMs = nowMs;
    this.#socket.ping();
  }

  send(frame: ServerFrame): void {
    if (this.closed) return;
    const { format } = this.session;
    this.#socket.send(format.encode(frame), format.binary);
  }

  /** Several frames in one write. */
  sendAll(frames: Iterable<ServerFrame>): void {
    if (this.closed) return;
    this.#socket.cork(() => {
      for (const frame of frames) this.send(frame);
    });
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
    const place = this.rooms.get(chatId);
    if (this.closed || place === undefined) return;
    place.subscribed = true;
    this.#socket.subscribe(topicOf(chatId, this.session.format.name));
  }

  unsubscribe(chatId: ChatId): void {
    if (!this.closed) this.#socket.unsubscribe(topicOf(chatId, this.session.format.name));
  }

  subscribePresence(userId: UserId): void {
    if (!this.closed) this.#socket.subscribe(presenceTopicOf(userId, this.session.format.name));
  }

  unsubscribePresence(userId: UserId): void {
    if (!this.closed) this.#socket.unsubscribe(presenceTopicOf(userId, this.session.format.name));
  }

  /** Sends the close frame; uWS reports the close, and only then is the connection gone. */
  end(code: number, reason: string): void {
    if (!this.closed) this.#socket.end(code, reason);
  }
}
