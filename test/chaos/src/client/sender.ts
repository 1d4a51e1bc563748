/** A client that sends and never gives up: the same uuid again, over whichever edge answers, until it is acked. */
import type { Journal } from "../journal/journal.ts";
import type { SendEntry } from "../journal/entry.ts";
import { pause } from "../pause.ts";
import { retryCodes, type ServerFrame } from "./frame.ts";
import type { Person } from "./population.ts";
import { openSocket, type Socket } from "./socket.ts";

/** Silence for so long is an outcome unknown. */
const ackMsMax = 1_500;
const reconnectMs = 100;
const retryMsMax = 1_000;

export type Answered = Extract<ServerFrame, { type: "Ack" | "Error" }>;
export type Ack = Extract<ServerFrame, { type: "Ack" }>;

export interface Message {
  readonly uuid: string;
  readonly chatId: number;
  readonly body: string;
}

export interface SenderOptions {
  readonly name: string;
  readonly person: Person;
  readonly edges: readonly string[];
  readonly journal: Pick<Journal<SendEntry>, "add">;
  /** Every ack, also the late ones. */
  readonly onAck: (ack: Ack) => void;
}

export class Sender {
  readonly name: string;
  readonly person: Person;
  readonly #options: SenderOptions;
  readonly #waiting = new Map<string, (answer: Answered | undefined) => void>();
  readonly #ending = new AbortController();
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
    const { uuid, chatId } = message;
    const senderId = this.person.userId;
    if (options.isRepeat !== true)
      journal.add({ kind: "send", uuid, chatId, senderId, atMs: performance.now() });
    while (!this.#ending.signal.aborted) {
      const answer = await this.#ask(message);
      if (answer?.type === "Ack") return answer;
      if (answer?.type === "Error") {
        if (!retryCodes.has(answer.code)) {
          journal.add({
            kind: "refusal",
            uuid,
            chatId,
            senderId,
            code: answer.code,
            atMs: performance.now(),
          });
          return undefined;
        }
        await pause(Math.min(answer.retryMs ?? reconnectMs, retryMsMax), this.#ending.signal);
      }
    }
    return undefined;
  }

  close(): void {
    this.#ending.abort();
    this.#leave();
  }

  /** One sending. @returns undefined when no answer came: its outcome is unknown, and the next goes elsewhere. */
  async #ask(message: Message): Promise<Answered | undefined> {
    const socket = await this.#connected();
    if (socket === undefined) return undefined;
    return await new Promise((resolve) => {
      const done = (answer: Answered | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(message.uuid);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        done(undefined);
        if (this.#socket === socket) this.#leave();
      }, ackMsMax);
      this.#waiting.set(message.uuid, done);
      if (!socket.send({ type: "SendMessage", ...message })) done(undefined);
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
      this.#options.journal.add({ kind: "ack", ...ack, senderId, edge, atMs: performance.now() });
      this.#options.onAck(frame);
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
