/** A client that sends and never gives up: the same uuid again, over whichever edge answers, until it is acked. */
import type { ClientFrame, ServerFrame } from "@rookery/kit";
import type { Journal } from "../journal/journal.ts";
import type { SendEntry } from "../journal/entry.ts";
import { pause } from "../pause.ts";
import type { Person } from "./population.ts";
import { openSocket, type Socket } from "./socket.ts";

/** Codes after which the same uuid is sent again (CONTRACT §2). */
const retryCodes: ReadonlySet<string> = new Set(["overloaded", "unavailable", "rate_limited", "internal"]);
/** Silence for so long is an outcome unknown. */
const ackMsMax = 1_500;
const reconnectMs = 100;
const retryMsMax = 1_000;

export type Answered = Extract<ServerFrame, { type: "Ack" | "Error" }>;
type Command = ClientFrame & { readonly uuid: string };
export type Ack = Extract<ServerFrame, { type: "Ack" }>;

export interface Message {
  readonly uuid: string;
  readonly chatId: number;
  readonly body: string;
}

/** A change to a message that is there. */
export interface Change {
  readonly type: "EditMessage" | "DeleteMessage" | "React" | "Pin";
  readonly uuid: string;
  readonly chatId: number;
  readonly seq: number;
  readonly body?: string;
  readonly emoji?: string;
  readonly remove?: boolean;
}

export interface SenderOptions {
  readonly name: string;
  readonly person: Person;
  readonly edges: readonly string[];
  readonly journal: Pick<Journal<SendEntry>, "add">;
  /** Every ack, also the late ones. */
  readonly onAck: (ack: Ack, isChange: boolean) => void;
}

export class Sender {
  readonly name: string;
  readonly person: Person;
  readonly #options: SenderOptions;
  readonly #waiting = new Map<string, (answer: Answered | undefined) => void>();
  readonly #ending = new AbortController();
  /** The names of those that are changes; an ack may come late. */
  readonly #changes = new Set<string>();
  #edge: number;
  #socket: Socket | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: SenderOptions, firstEdge: number) {
    this.#options = options;
    this.name = options.name;
    this.person = options.person;
    this.#edge = firstEdge;
  }

  /** Whether that uuid waits for an answer now. */
  isWaiting(uuid: string): boolean {
    return this.#waiting.has(uuid);
  }

  /**
   * Sends until there is an outcome. A first sending is written down; a repeat of what was acked before is not.
   * @returns undefined when it was refused for good, or `close` came first.
   */
  async submit(message: Message, options: { readonly isRepeat?: boolean } = {}): Promise<Ack | undefined> {
    const { journal } = this.#options;
    const { uuid, chatId, body } = message;
    const senderId = this.person.userId;
    if (options.isRepeat !== true)
      journal.add({ kind: "send", uuid, chatId, senderId, body, atMs: performance.now() });
    const answer = await this.#insist({ type: "SendMessage", ...message });
    if (answer?.type !== "Error") return answer;
    const { code } = answer;
    journal.add({ kind: "refusal", uuid, chatId, senderId, code, atMs: performance.now() });
    return undefined;
  }

  /** As `submit`, of a change: one that is refused was overtaken by another. */
  async change(change: Change): Promise<void> {
    const { journal } = this.#options;
    const { uuid, chatId, type, seq, body } = change;
    const named = { uuid, chatId, senderId: this.person.userId };
    this.#changes.add(uuid);
    const said = body === undefined ? {} : { body };
    journal.add({ kind: "ask", ...named, type, seq, ...said, atMs: performance.now() });
    const answer = await this.#insist({ ...change });
    if (answer?.type !== "Error") return;
    journal.add({ kind: "declined", ...named, code: answer.code, atMs: performance.now() });
  }

  /** Says what is not answered, if there is a socket to say it on. */
  tell(frame: ClientFrame): void {
    if (this.#socket?.isOpen === true) this.#socket.send(frame);
  }

  /** The same frame again and again, until it is acked or refused for good. @returns undefined when `close` came first. */
  async #insist(frame: Command): Promise<Answered | undefined> {
    while (!this.#ending.signal.aborted) {
      const answer = await this.#ask(frame);
      if (answer?.type === "Ack") return answer;
      if (answer?.type !== "Error") continue;
      if (!retryCodes.has(answer.code)) return answer;
      await pause(Math.min(answer.retryMs ?? reconnectMs, retryMsMax), this.#ending.signal);
    }
    return undefined;
  }

  close(): void {
    this.#ending.abort();
    this.#leave();
  }

  /** One sending. @returns undefined when no answer came: its outcome is unknown, and the next goes elsewhere. */
  async #ask(frame: Command): Promise<Answered | undefined> {
    const socket = await this.#connected();
    if (socket === undefined) return undefined;
    return await new Promise((resolve) => {
      const done = (answer: Answered | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(frame.uuid);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        done(undefined);
        if (this.#socket === socket) this.#leave();
      }, ackMsMax);
      this.#waiting.set(frame.uuid, done);
      if (!socket.send(frame)) done(undefined);
    });
  }

  async #connected(): Promise<Socket | undefined> {
    while (!this.#ending.signal.aborted) {
      if (this.#socket?.isOpen === true) return this.#socket;
      this.#opening ??= this.#open().finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
    return undefined;
  }

  /** It is never synced, so it stays held: acks come, frames do not. */
  async #open(): Promise<void> {
    const { edges, person } = this.#options;
    this.#edge = (this.#edge + 1) % edges.length;
    const edge = this.#edge;
    try {
      const socket = await openSocket(edges[edge] ?? "", person, {
        frame: (frame) => this.#take(frame, edge),
        closed: () => this.#fail(),
      });
      if (this.#ending.signal.aborted) socket.drop();
      else this.#socket = socket;
    } catch {
      await pause(reconnectMs, this.#ending.signal);
    }
  }

  #take(frame: ServerFrame, edge: number): void {
    if (frame.type === "Ack") {
      const { type: _, ...ack } = frame;
      const senderId = this.person.userId;
      const isChange = this.#changes.has(frame.uuid);
      const kind = isChange ? "done" : "ack";
      this.#options.journal.add({ kind, ...ack, senderId, edge, atMs: performance.now() });
      this.#options.onAck(frame, isChange);
      this.#waiting.get(frame.uuid)?.(frame);
    } else if (frame.type === "Error" && frame.uuid !== undefined) {
      this.#waiting.get(frame.uuid)?.(frame);
    }
  }

  #leave(): void {
    this.#socket?.drop();
    this.#socket = undefined;
    this.#fail();
  }

  #fail(): void {
    for (const done of this.#waiting.values()) done(undefined);
  }
}
