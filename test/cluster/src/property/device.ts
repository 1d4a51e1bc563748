/** A device of somebody: it comes and goes, and knows of their chats what frames and Sync have told it. */
import { type ClientFrame, type FrameOf, isChange, type Random, type ServerFrame } from "@rookery/kit";
import type { Format } from "../codec.ts";
import type { Person } from "../rest.ts";
import { openSocket, type Socket } from "../socket.ts";
import { ChatView } from "./chat-view.ts";

export interface DeviceOptions {
  readonly name: string;
  readonly person: Person;
  readonly format: Format;
  readonly edges: readonly string[];
  /** Frames that it is made not to hear: a bug planted in the checker's own client. */
  readonly tamper?: (frame: ServerFrame) => ServerFrame | undefined;
}

type Answer = FrameOf<"Ack"> | FrameOf<"Error">;

interface Pending {
  readonly frame: ClientFrame;
  readonly resolve: (answer: Answer) => void;
}

/** Codes after which the same uuid is sent again. */
const retryCodes = new Set(["overloaded", "unavailable", "internal"]);
/** Between Hello and Sync, sometimes. */
const slowMsMax = 60;
const wholeMs = 2 ** 30;

export class Device {
  readonly name: string;
  readonly person: Person;
  readonly chats = new Map<number, ChatView>();
  /** What it could make no sense of. */
  readonly faults: string[] = [];
  connections = 0;
  readonly #options: DeviceOptions;
  /** The feed's rev of what was last heard of each chat: a Sync tells of older things later. */
  readonly #heard = new Map<number, number>();
  readonly #pending = new Map<string, Pending>();
  #userRev = 0;
  #socket: Socket | undefined;
  #following: Promise<unknown> = Promise.resolve();
  #moving: Promise<void> = Promise.resolve();
  #synced = false;
  #isResumed = false;

  constructor(options: DeviceOptions) {
    this.name = options.name;
    this.person = options.person;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket?.isOpen === true && this.#synced;
  }

  get unanswered(): number {
    return this.#pending.size;
  }

  /** Opens a socket somewhere, with `resume` or without, and asks for what it has missed; what had no answer goes again. */
  async connect(random: Random): Promise<void> {
    await this.#move(async () => {
      if (this.#socket?.isOpen !== true) await this.#open(random);
    });
  }

  async #open(random: Random): Promise<void> {
    const { edges, person, format } = this.#options;
    const places = new Map([...this.chats].map(([id, { seq, rev }]) => [id, { seq, rev }]));
    const userRev = this.#userRev;
    const resume = random.chance(0.6);
    const slowMs = random.chance(0.3) ? random.integer(1, slowMsMax) : 0;
    const socket = await openSocket({ base: random.pick(edges), token: person.token, format, resume });
    this.#socket = socket;
    this.#isResumed = resume;
    this.connections += 1;
    let next = 0;
    const take = (): undefined => {
      while (next < socket.journal.length) {
        const frame = socket.journal[next++] as ServerFrame;
        const heard = this.#options.tamper === undefined ? frame : this.#options.tamper(frame);
        if (heard !== undefined) this.#take(heard);
      }
      return undefined;
    };
    // Nothing satisfies it: it takes every frame until the socket closes.
    this.#following = socket.when("the end", take, wholeMs).catch(() => undefined);
    if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
    if (!socket.isOpen) return;
    // A chat that was left while it waited is no longer asked for.
    const chats = Object.fromEntries([...places].filter(([id]) => this.chats.has(id)));
    socket.send({ type: "Sync", chats, userRev });
    this.#synced = true;
    for (const { frame } of this.#pending.values()) socket.send(frame);
  }

  /** Ends the socket: with a word, or as a device that vanishes. */
  async leave(random: Random): Promise<void> {
    await this.#move(async () => {
      const socket = this.#socket;
      this.#synced = false;
      if (socket === undefined) return;
      if (random.chance(0.5)) await socket.vanish();
      else await socket.close();
      await this.#following;
    });
  }

  /** One coming or going after the other. */
  async #move(task: () => Promise<void>): Promise<void> {
    const before = this.#moving;
    this.#moving = before.then(task);
    await this.#moving;
  }

  /** Sends a command until it is answered for good, over as many sockets as that takes. */
  async submit(frame: ClientFrame & { readonly uuid: string }): Promise<Answer> {
    return await new Promise((resolve) => {
      this.#pending.set(frame.uuid, { frame, resolve });
      this.tell(frame);
    });
  }

  /** Sends what has no answer. */
  tell(frame: ClientFrame): void {
    if (this.isOpen) this.#socket?.send(frame);
  }

  #take(frame: ServerFrame): void {
    if (isChange(frame)) {
      this.chats.get(frame.chatId)?.change(frame);
      return;
    }
    switch (frame.type) {
      case "Message":
        this.chats.get(frame.chatId)?.message(frame);
        return;
      case "SyncResult": {
        const view = this.chats.get(frame.chatId);
        for (const message of frame.messages) view?.message(message);
        for (const change of frame.changes) view?.change(change);
        for (const mark of frame.receipts) view?.mark(mark);
        return;
      }
      case "Receipt":
        this.chats.get(frame.chatId)?.mark(frame);
        return;
      case "Receipts":
        for (const mark of frame.receipts) this.chats.get(frame.chatId)?.mark(mark);
        return;
      case "ChatAdded":
        this.#added(frame);
        return;
      case "ChatRemoved":
        if (this.#isNews(frame.chatId, frame.userRev)) this.chats.delete(frame.chatId);
        return;
      case "Ack":
        this.#answer(frame.uuid, frame);
        return;
      case "Error":
        if (frame.uuid === undefined) {
          // A Sync for a chat that was left meanwhile.
          if (frame.code !== "not_found") this.faults.push(`${this.name} heard ${JSON.stringify(frame)}`);
        } else if (retryCodes.has(frame.code)) {
          const again = this.#pending.get(frame.uuid);
          if (again !== undefined) this.tell(again.frame);
        } else this.#answer(frame.uuid, frame);
        return;
      case "Hello":
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
    }
  }

  #added({ chat, userRev }: FrameOf<"ChatAdded">): void {
    if (!this.#isNews(chat.id, userRev) || this.chats.has(chat.id)) return;
    this.chats.set(chat.id, new ChatView(chat));
    // From its beginning: what was before one came is one's to read as well.
    this.#socket?.send({ type: "Sync", chats: { [chat.id]: { seq: 0, rev: 0 } } });
  }

  #isNews(chatId: number, userRev: number): boolean {
    // Without resume, news comes before what a Sync tells of the time before.
    if (this.#isResumed || userRev === this.#userRev + 1) this.#userRev = Math.max(this.#userRev, userRev);
    if (userRev <= (this.#heard.get(chatId) ?? 0)) return false;
    this.#heard.set(chatId, userRev);
    return true;
  }

  #answer(uuid: string, answer: Answer): void {
    this.#pending.get(uuid)?.resolve(answer);
    this.#pending.delete(uuid);
  }
}
