/** A client that reads: keeps the highest seq and rev of each chat, and comes back with Sync. */
import {
  type ChangeFrame,
  isChange,
  type MarkBody,
  type MessageBody,
  type Random,
  type ServerFrame,
} from "@rookery/kit";
import { changeText } from "../journal/check-reader.ts";
import type { ReadEntry } from "../journal/entry.ts";
import type { Journal } from "../journal/journal.ts";
import { pause } from "../pause.ts";
import type { Person } from "./population.ts";
import { openSocket, type Socket } from "./socket.ts";

/** Between attempts: at first within this, then within twice as much each time, up to the last. */
const reconnectMsFirst = 300;
const reconnectMsMax = 4_000;

export interface ReaderOptions {
  readonly name: string;
  readonly person: Person;
  readonly edges: readonly string[];
  readonly random: Random;
  readonly journal: Pick<Journal<ReadEntry>, "add">;
  /** Chats it knows of from the start, and where it stands in each. */
  readonly places: ReadonlyMap<number, Readonly<Place>>;
  readonly onMessage?: (message: MessageBody) => void;
}

interface Place {
  seq: number;
  rev: number;
}

export class Reader {
  readonly name: string;
  readonly person: Person;
  readonly #options: ReaderOptions;
  readonly #places = new Map<number, Place>();
  /** How far others have read, by chat and user. */
  readonly #marks = new Map<number, Map<number, number>>();
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;
  #userRev: number | undefined;
  #socket: Socket | undefined;
  #link = 0;
  #syncing = new Set<number>();
  #edge: number;

  constructor(options: ReaderOptions, firstEdge: number) {
    this.#options = options;
    this.name = options.name;
    this.person = options.person;
    this.#edge = firstEdge;
    for (const [chatId, base] of options.places) {
      this.#places.set(chatId, { ...base });
      options.journal.add({ kind: "chat", chatId, base, rev: base.rev });
    }
    this.#done = this.#run();
  }

  /** How many sockets it has opened. */
  get links(): number {
    return this.#link;
  }

  /** The edge it is at, or tries next. */
  get edge(): number {
    return this.#edge;
  }

  /** It has a socket, and every page of its Sync. */
  get isCurrent(): boolean {
    return this.#socket?.isOpen === true && this.#syncing.size === 0;
  }

  /** The highest seq and rev it has of a chat; undefined when it knows no such chat. */
  placeOf(chatId: number): Readonly<Place> | undefined {
    return this.#places.get(chatId);
  }

  /** How far somebody has read, as far as it has heard. */
  readOf(chatId: number, userId: number): number {
    return this.#marks.get(chatId)?.get(userId) ?? 0;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#socket?.drop();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { edges, person, random } = this.#options;
    let failures = 0;
    while (!this.#ending.signal.aborted) {
      this.#link += 1;
      const link = this.#link;
      let close = (): void => undefined;
      const closed = new Promise<void>((resolve) => {
        close = resolve;
      });
      try {
        this.#socket = await openSocket(edges[this.#edge] ?? "", person, {
          frame: (frame) => this.#take(frame, link),
          closed: () => close(),
        });
        if (this.#ending.signal.aborted) this.#socket.drop();
        this.#options.journal.add({ kind: "opened", link, edge: this.#edge, atMs: performance.now() });
        this.#sync(this.#socket);
        failures = 0;
        await closed;
      } catch {
        // The next edge may be there.
        failures += 1;
      }
      this.#edge = (this.#edge + 1) % edges.length;
      const withinMs = Math.min(reconnectMsFirst * 2 ** Math.max(0, failures - edges.length), reconnectMsMax);
      await pause(random.next() * withinMs, this.#ending.signal);
    }
  }

  #sync(socket: Socket): void {
    this.#syncing = new Set(this.#places.keys());
    const chats = Object.fromEntries(
      [...this.#places].map(([id, { seq, rev }]) => [String(id), { seq, rev }]),
    );
    socket.send({
      type: "Sync",
      chats,
      ...(this.#userRev === undefined ? {} : { userRev: this.#userRev }),
    });
  }

  #take(frame: ServerFrame, link: number): void {
    if (isChange(frame)) {
      this.#keepChange(frame, true, link);
      return;
    }
    switch (frame.type) {
      case "Hello":
        this.#userRev ??= frame.userRev;
        break;
      case "Message":
        this.#keepMessage(frame, true, link);
        break;
      case "SyncResult":
        for (const change of frame.changes) this.#keepChange(change, false, link);
        for (const message of frame.messages) this.#keepMessage(message, false, link);
        for (const mark of frame.receipts) this.#keepReceipt(frame.chatId, mark);
        if (!frame.more) this.#syncing.delete(frame.chatId);
        break;
      case "ChatAdded":
        this.#userRev = Math.max(this.#userRev ?? 0, frame.userRev);
        this.#follow(frame.chat.id, frame.chat.rev);
        break;
      case "ChatRemoved":
        this.#userRev = Math.max(this.#userRev ?? 0, frame.userRev);
        if (!this.#places.delete(frame.chatId)) break;
        this.#syncing.delete(frame.chatId);
        this.#marks.delete(frame.chatId);
        this.#options.journal.add({ kind: "left", chatId: frame.chatId });
        break;
      case "Receipt":
        this.#keepReceipt(frame.chatId, frame);
        break;
      case "Receipts":
        for (const mark of frame.receipts) this.#keepReceipt(frame.chatId, mark);
        break;
      case "Ack":
      case "Error":
      case "Typing":
      case "Presence":
      case "Watched":
      case "Authed":
      case "Draining":
      case "CallbackAnswer":
      case "Joined":
      case "Draft":
      case "InlineResults":
      case "Pong":
        break;
    }
  }

  /** A chat it did not know: its messages since its user came follow live. */
  #follow(chatId: number, rev: number): void {
    if (this.#places.has(chatId)) return;
    this.#places.set(chatId, { seq: 0, rev });
    this.#options.journal.add({ kind: "chat", chatId, base: null, rev });
  }

  #keepMessage(message: MessageBody, live: boolean, link: number): void {
    const { chatId, seq, uuid, senderId, body } = message;
    const atMs = performance.now();
    this.#options.journal.add({ kind: "message", chatId, seq, uuid, senderId, body, live, link, atMs });
    const place = this.#places.get(chatId);
    if (place === undefined || seq <= place.seq) return;
    place.seq = seq;
    this.#options.onMessage?.(message);
  }

  #keepReceipt(chatId: number, { userId, deliveredSeq, readSeq }: MarkBody): void {
    this.#options.journal.add({ kind: "receipt", chatId, userId, deliveredSeq, readSeq });
    const marks = this.#marks.get(chatId) ?? new Map<number, number>();
    this.#marks.set(chatId, marks);
    marks.set(userId, readSeq);
  }

  #keepChange(frame: ChangeFrame, live: boolean, link: number): void {
    const { chatId, rev } = frame;
    const text = changeText(frame as unknown as Readonly<Record<string, unknown>>);
    this.#options.journal.add({ kind: "change", chatId, rev, text, live, link });
    const place = this.#places.get(chatId);
    if (place !== undefined) place.rev = Math.max(place.rev, rev);
  }
}
