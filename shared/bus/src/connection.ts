import { connect, createInbox, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import type { Log } from "@rookery/runtime";
import { Outbound } from "./outbound.ts";
import { BusOutage } from "./outage.ts";
import { ReplyBox } from "./reply-box.ts";
import type { ServerAddress } from "./server-url.ts";
import { Ticker } from "./ticker.ts";

export type ConnectionStatus = "connected" | "disconnected" | "closed";

/** Counters since the start, for metrics. */
export interface ConnectionStats {
  readonly disconnects: number;
  /** Core messages not sent, for want of a connection or of room. L5 heals them. */
  readonly droppedPublishes: number;
  /** Errors the server told: slow consumers, refused subjects. */
  readonly serverErrors: number;
}

/** A dead server is noticed in 2 to 3 s, and its return, or another's presence, in 100 to 250 ms. */
const PING_MS = 1_000;
const PINGS_OUT_MAX = 2;
const RECONNECT_MS = 100;
const RECONNECT_JITTER_MS = 150;
const HANDSHAKE_MS_MAX = 2_000;
const DRAIN_MS_MAX = 5_000;
/** So exactly readers of logs notice silence. */
const TICK_MS = 250;

/**
 * One connection to NATS, kept for ever: it reconnects without end, and says so.
 *
 * Nothing is sent while it is away. The library would keep such messages and drop them at its next attempt, so
 * they are refused (or, for fire and forget, counted) here, and what was being asked fails at once.
 */
export class Connection {
  readonly #nats: NatsConnection;
  readonly #log: Log;
  readonly #replies = new ReplyBox();
  readonly #outbound: Outbound;
  readonly #inbox = createInbox();
  /** What readers of logs look at their servers by. */
  readonly ticker = new Ticker(TICK_MS);
  readonly #listeners = new Set<(status: ConnectionStatus) => void>();
  #connected = true;
  #closing = false;
  #disconnects = 0;
  #droppedPublishes = 0;
  #serverErrors = 0;

  constructor(nats: NatsConnection, log: Log) {
    this.#nats = nats;
    this.#log = log;
    this.#outbound = new Outbound(() => nats.flush());
    const tokenAt = this.#inbox.length + 1;
    nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#replies.deliver(message.subject.slice(tokenAt), message);
      },
    });
    this.#watch().catch(crash);
  }

  get connected(): boolean {
    return this.#connected;
  }

  get stats(): ConnectionStats {
    return {
      disconnects: this.#disconnects,
      droppedPublishes: this.#droppedPublishes,
      serverErrors: this.#serverErrors,
    };
  }

  /** Fire and forget: false, and counted, when it was not sent. @throws the library's error for a bad subject or size */
  publish(subject: string, bytes?: Uint8Array): boolean {
    if (!this.#connected || !this.#outbound.admit(subject.length + (bytes?.length ?? 0))) {
      this.#droppedPublishes++;
      return false;
    }
    this.#nats.publish(subject, bytes);
    return true;
  }

  /** Sends and waits for one answer. @throws BusOutage; the library's error for a bad subject or size */
  async ask(subject: string, bytes: Uint8Array, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> {
    if (!this.#connected) throw new BusOutage("disconnected", subject);
    if (!this.#outbound.admit(subject.length + bytes.length)) throw new BusOutage("overloaded", subject);
    const { token, answer } = this.#replies.await(subject, timeoutMs);
    const reply = `${this.#inbox}.${token}`;
    try {
      this.#nats.publish(subject, bytes, headers === undefined ? { reply } : { reply, headers });
    } catch (error) {
      this.#replies.cancel(token);
      throw error;
    }
    return answer;
  }

  /** `onMessage` runs inside the parser: it must be quick. What it throws is a bug and ends the process. */
  subscribe(subject: string, onMessage: (message: Msg) => void): { close(): void } {
    const subscription = this.#nats.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) {
          this.#log.error({ err: error, subject }, "subscription refused by the server");
          return;
        }
        try {
          onMessage(message);
        } catch (cause) {
          // Thrown here it would silently end the library's reading loop.
          crash(cause);
        }
      },
    });
    return { close: () => subscription.unsubscribe() };
  }

  /** Returns what ends the listening. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Intake ends, what was published reaches the server, then the connection goes; at most 5 s. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#connected) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, DRAIN_MS_MAX);
      });
      // A drain that fails has lost its connection; closing is all that is left.
      await Promise.race([this.#nats.drain().catch(() => {}), late]);
      clearTimeout(timer);
    }
    await this.#nats.close();
    this.#replies.failAll("disconnected");
  }

  async #watch(): Promise<void> {
    for await (const status of this.#nats.status()) {
      if (status.type === "disconnect") this.#lose();
      else if (status.type === "reconnect") this.#regain(status.server);
      else if (status.type === "error") {
        this.#serverErrors++;
        this.#log.warn({ err: status.error }, "the NATS server complains");
      }
    }
    const error = await this.#nats.closed();
    this.#connected = false;
    this.#replies.failAll("disconnected");
    if (!this.#closing) this.#log.fatal({ err: error }, "the NATS connection was closed for good");
    this.#tell("closed");
  }

  #lose(): void {
    this.#connected = false;
    this.#disconnects++;
    if (!this.#closing) this.#log.warn("the NATS connection is lost");
    this.#replies.failAll("disconnected");
    this.#tell("disconnected");
  }

  #regain(server: string): void {
    this.#outbound.reset();
    this.#connected = true;
    this.#log.info({ server }, "the NATS connection is back");
    this.#tell("connected");
  }

  #tell(status: ConnectionStatus): void {
    for (const listener of this.#listeners) listener(status);
  }
}

/** @throws BusOutage `disconnected` when no server can be reached now; the next attempt is the supervisor's. */
export async function openConnection(address: ServerAddress, name: string, log: Log): Promise<Connection> {
  const { servers, user, password, token, tls } = address;
  try {
    const nats = await connect({
      servers: [...servers],
      name,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { pass: password }),
      ...(token === undefined ? {} : { token }),
      ...(tls ? { tls: {} } : {}),
      timeout: HANDSHAKE_MS_MAX,
      pingInterval: PING_MS,
      maxPingOut: PINGS_OUT_MAX,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: RECONNECT_JITTER_MS,
      // Credentials that are being replaced must not end a process that would soon have the right ones.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    });
    return new Connection(nats, log);
  } catch (cause) {
    const outage = new BusOutage("disconnected", servers.join(","));
    outage.cause = cause;
    throw outage;
  }
}

/** A bug is thrown where the process hears it, outside the library's loops, which would swallow it. */
function crash(cause: unknown): void {
  queueMicrotask(() => {
    throw cause;
  });
}
