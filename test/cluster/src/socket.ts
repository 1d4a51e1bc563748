/** A stranger's socket: plain `ws`, a journal of everything seen, and waiting on conditions. */
import type { ClientFrame, FrameOf, FrameType, MessageBody, ServerFrame } from "@rookery/kit";
import { WebSocket } from "ws";
import { type Codec, type Format, openCodec } from "./codec.ts";
export interface SocketOptions {
  readonly base: string;
  readonly token: string;
  readonly format?: Format;
  readonly resume?: boolean;
  readonly device?: string;
  /** The three places a token may stand in; `subprotocol` when not said. */
  readonly tokenIn?: "subprotocol" | "header" | "query";
  /** Sent as soon as the socket is open, before its Hello. */
  readonly early?: readonly ClientFrame[];
}

/** The server closed, or refused the upgrade; `status` is that of the refusal. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** An upgrade was answered with an HTTP status instead. */
export class UpgradeRefused extends Error {
  override name = "UpgradeRefused";
  readonly status: number;

  constructor(status: number) {
    super(`the upgrade was refused with ${status}`);
    this.status = status;
  }
}

/** What a wait may last when the test does not say. */
const waitMs = 15_000;

/** Beyond what tests send as `t` themselves. */
const pingBase = 1_000_000;

export class Socket {
  /** Every frame, in order of arrival. */
  readonly journal: ServerFrame[] = [];
  readonly acks = new Map<string, FrameOf<"Ack">>();
  readonly errors = new Map<string, FrameOf<"Error">>();
  /** Live messages by chat, in order of arrival. */
  readonly messages = new Map<number, MessageBody[]>();
  readonly closed: Promise<Closed>;
  /** Bytes of the largest frame seen. */
  frameBytesSeenMax = 0;
  isOpen = true;
  /** A frame that could not be read, or a second ack: any wait fails with it. */
  #fault: Error | undefined;
  #closeCode = 0;
  /** What `ws` complained about before it closed. */
  #cause: Error | undefined;
  #pings = 0;
  readonly #ws: WebSocket;
  readonly #codec: Codec;
  readonly #watchers = new Set<() => void>();

  constructor(ws: WebSocket, codec: Codec) {
    this.#ws = ws;
    this.#codec = codec;
    this.closed = new Promise((resolve) => {
      ws.on("close", (code, reason) => {
        this.isOpen = false;
        this.#closeCode = code;
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    ws.on("message", (data: Buffer, isBinary: boolean) => this.#take(data, isBinary));
    ws.on("error", (error) => {
      this.#cause = error;
    });
  }

  send(frame: ClientFrame): void {
    this.#ws.send(this.#codec.encode(frame));
  }

  /** Bytes (binary) or text as they stand. */
  sendRaw(data: string | Uint8Array): void {
    this.#ws.send(data);
  }

  /** The first answer of `probe` that is not undefined; asked again at every frame and at the close. */
  async when<T>(what: string, probe: () => T | undefined, withinMs: number = waitMs): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const settle = (): boolean => {
        if (this.#fault !== undefined) {
          reject(this.#fault);
          return true;
        }
        const value = probe();
        if (value !== undefined) {
          resolve(value);
          return true;
        }
        if (!this.isOpen) {
          const text = `the socket was closed with ${this.#closeCode} while waiting for ${what}; ${this.#tail()}`;
          reject(new Error(text, { cause: this.#cause }));
          return true;
        }
        return false;
      };
      if (settle()) return;
      const watcher = (): void => {
        if (!settle()) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        reject(new Error(`no ${what} in ${withinMs} ms; ${this.#tail()}`));
      }, withinMs);
      this.#watchers.add(watcher);
    });
  }

  /** The first frame of that type for which `test` holds, from position `after` of the journal on. */
  async frame<T extends FrameType>(
    type: T,
    test: (frame: FrameOf<T>) => boolean = () => true,
    options: { readonly after?: number; readonly withinMs?: number } = {},
  ): Promise<FrameOf<T>> {
    let next = options.after ?? 0;
    return await this.when(
      type,
      () => {
        while (next < this.journal.length) {
          const frame = this.journal[next++] as ServerFrame;
          if (frame.type === type && test(frame as FrameOf<T>)) return frame as FrameOf<T>;
        }
        return undefined;
      },
      options.withinMs,
    );
  }

  /** Sends a message and waits for what is answered to its uuid: an Ack or an Error. */
  async submit(
    chatId: number,
    uuid: string,
    body: string,
    withinMs?: number,
  ): Promise<FrameOf<"Ack"> | FrameOf<"Error">> {
    const after = this.journal.length;
    this.send({ type: "SendMessage", uuid, chatId, body });
    let next = after;
    return await this.when(
      `answer to ${uuid}`,
      () => {
        while (next < this.journal.length) {
          const frame = this.journal[next++] as ServerFrame;
          if ((frame.type === "Ack" || frame.type === "Error") && frame.uuid === uuid) return frame;
        }
        return undefined;
      },
      withinMs,
    );
  }

  /** As `submit`, where anything but an Ack ends the test. */
  async say(chatId: number, uuid: string, body: string = uuid): Promise<FrameOf<"Ack">> {
    const answer = await this.submit(chatId, uuid, body);
    if (answer.type === "Error") throw new Error(`${uuid}: ${answer.code}: ${answer.message}`);
    return answer;
  }

  /** Waits until that many live messages of a chat are there, and returns them in order of arrival. */
  async heard(chatId: number, count: number, withinMs?: number): Promise<readonly MessageBody[]> {
    return await this.when(
      `${count} messages of chat ${chatId}`,
      () => {
        const seen = this.messages.get(chatId) ?? [];
        return seen.length >= count ? seen : undefined;
      },
      withinMs,
    );
  }

  /** A round trip: the socket lives, and whatever was sent to it before has arrived. */
  async ping(): Promise<void> {
    this.#pings += 1;
    const t = pingBase + this.#pings;
    const after = this.journal.length;
    this.send({ type: "Ping", t });
    await this.frame("Pong", (pong) => pong.t === t, { after });
  }

  async close(): Promise<Closed> {
    if (this.isOpen) this.#ws.close(1000);
    return await this.closed;
  }

  /** As a device that vanishes: no close frame. */
  async vanish(): Promise<void> {
    this.#ws.terminate();
    await this.closed;
  }

  #take(data: Buffer, isBinary: boolean): void {
    try {
      if (data.byteLength > this.frameBytesSeenMax) this.frameBytesSeenMax = data.byteLength;
      const frame = this.#codec.decode(data, isBinary);
      this.journal.push(frame);
      if (frame.type === "Ack") this.acks.set(frame.uuid, frame);
      else if (frame.type === "Error" && frame.uuid !== undefined) this.errors.set(frame.uuid, frame);
      else if (frame.type === "Message") {
        const seen = this.messages.get(frame.chatId);
        if (seen === undefined) this.messages.set(frame.chatId, [frame]);
        else seen.push(frame);
      }
    } catch (error) {
      this.#fault = error as Error;
    }
    this.#wake();
  }

  #wake(): void {
    // A watcher may take itself out while it is asked; a Set allows that.
    for (const watcher of this.#watchers) watcher();
  }

  #tail(): string {
    const last = this.journal.slice(-3).map((frame) => JSON.stringify(frame).slice(0, 200));
    return `last of ${this.journal.length} frames: ${last.join(" ") || "none"}`;
  }
}

/** Opens a socket and waits for its `Hello`. @throws UpgradeRefused */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  const codec = openCodec(options.format ?? "json");
  const url = new URL("/v1/ws", options.base.replace(/^http/, "ws"));
  url.searchParams.set("device", options.device ?? "test");
  if (options.resume === true) url.searchParams.set("resume", "1");
  const tokenIn = options.tokenIn ?? "subprotocol";
  if (tokenIn === "query") url.searchParams.set("token", options.token);
  const ws = new WebSocket(
    url,
    tokenIn === "subprotocol" ? [codec.subprotocol, `bearer.${options.token}`] : [codec.subprotocol],
    tokenIn === "header" ? { headers: { authorization: `Bearer ${options.token}` } } : {},
  );
  const socket = new Socket(ws, codec);
  ws.once("open", () => {
    for (const frame of options.early ?? []) socket.send(frame);
  });
  const refused = new Promise<never>((_, reject) => {
    ws.once("unexpected-response", (_request, response) => {
      reject(new UpgradeRefused(response.statusCode ?? 0));
      response.resume();
      ws.terminate();
    });
  });
  await Promise.race([socket.frame("Hello"), refused]);
  if (ws.protocol !== codec.subprotocol) {
    throw new Error(`asked for ${codec.subprotocol}, the server chose "${ws.protocol}"`);
  }
  return socket;
}
