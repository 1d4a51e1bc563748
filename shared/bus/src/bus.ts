import { headers } from "@nats-io/nats-core";
import type { Log } from "@rookery/runtime";
import { type ApiError, parseApiError } from "./api-error.ts";
import {
  type Connection,
  type ConnectionStats,
  type ConnectionStatus,
  openConnection,
} from "./connection.ts";
import type { LogSpec } from "./log-config.ts";
import { createLog, findLog, type LogStream } from "./log-stream.ts";
import { parseServerUrl } from "./server-url.ts";

/** A message of a subject. `bytes` is a view; it may be kept. */
export interface BusMessage {
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** Where the sender waits for an answer, if it does. */
  readonly reply?: string;
  /** Answers the sender; nothing happens when it does not wait. Fire and forget. */
  respond(bytes: Uint8Array): void;
}

export interface Subscription {
  close(): void;
}

/** A stored message: `seq` in the stream; `duplicate` when the server knew its `msgId` from the last 30 s. */
export interface Appended {
  readonly seq: number;
  readonly duplicate: boolean;
}

/** How long an append waits for the log. After it the outcome is unknown: repeat with the same `msgId`. */
const APPEND_MS_MAX = 2_000;

/** NATS as the house uses it: bytes in, bytes out, every wait bounded, nothing kept while disconnected. */
export interface Bus {
  /** Core NATS, at most once: dropped and counted while there is no connection. */
  publish(subject: string, bytes: Uint8Array): void;
  /** Core request and answer. @throws BusOutage */
  request(subject: string, bytes: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array>;
  /**
   * `onMessage` runs for each message in arrival order, inside the reading of the socket: take it and return.
   * A subscription survives reconnects, messages sent meanwhile do not.
   */
  subscribe(subject: string, onMessage: (message: BusMessage) => void): Subscription;
  /**
   * Appends to the log that takes the subject, pipelined; calls of one tick reach the server in their order.
   * @throws BusOutage: repeat with the same `msgId`; LogFull: not stored; LogRefusal: never will be
   */
  append(subject: string, bytes: Uint8Array, options: { readonly msgId: string }): Promise<Appended>;
  /** The log of that name, created when it is missing. @throws BusOutage, LogFull (disk), LogMismatch, LogRefusal */
  ensureLog(spec: LogSpec): Promise<LogStream>;
  /** The log of that name. @throws BusOutage, LogMissing, LogMismatch */
  openLog(name: string): Promise<LogStream>;
  readonly connected: boolean;
  readonly stats: ConnectionStats;
  /** Told at every change; returns what ends the listening. Readers of logs look after themselves. */
  onStatus(listener: (status: ConnectionStatus) => void): () => void;
  /** Drains, at most 5 s. Readers of logs end silently. */
  close(): Promise<void>;
}

/** Opens one connection, which serves a whole process. @throws TypeError for a bad url; BusOutage when nobody answers */
export async function openBus(options: {
  readonly url: string;
  readonly name: string;
  readonly log: Log;
}): Promise<Bus> {
  const connection = await openConnection(parseServerUrl(options.url), options.name, options.log);
  return {
    publish: (subject, bytes) => {
      connection.publish(subject, bytes);
    },
    request: async (subject, bytes, { timeoutMs }) => (await connection.ask(subject, bytes, timeoutMs)).data,
    subscribe: (subject, onMessage) => subscribe(connection, subject, onMessage),
    append: (subject, bytes, { msgId }) => append(connection, subject, bytes, msgId),
    ensureLog: (spec) => createLog(connection, options.log, spec),
    openLog: (name) => findLog(connection, options.log, name),
    get connected() {
      return connection.connected;
    },
    get stats() {
      return connection.stats;
    },
    onStatus: (listener) => connection.onStatus(listener),
    close: () => connection.close(),
  };
}

function subscribe(
  connection: Connection,
  subject: string,
  onMessage: (message: BusMessage) => void,
): Subscription {
  return connection.subscribe(subject, (message) => {
    const reply = message.reply === undefined || message.reply === "" ? undefined : message.reply;
    onMessage({
      subject: message.subject,
      bytes: message.data,
      ...(reply === undefined ? {} : { reply }),
      respond: (bytes) => {
        if (reply !== undefined) connection.publish(reply, bytes);
      },
    });
  });
}

async function append(
  connection: Connection,
  subject: string,
  bytes: Uint8Array,
  msgId: string,
): Promise<Appended> {
  const meta = headers();
  meta.set("Nats-Msg-Id", msgId);
  const message = await connection.ask(subject, bytes, APPEND_MS_MAX, meta);
  const answer = message.json<{ stream?: string; seq?: number; duplicate?: boolean; error?: ApiError }>();
  if (answer.error !== undefined) throw parseApiError(subject, answer.stream ?? subject, answer.error);
  return { seq: answer.seq ?? 0, duplicate: answer.duplicate === true };
}
