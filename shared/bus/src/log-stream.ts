import { randomUUID } from "node:crypto";
import { MsgHdrsImpl } from "@nats-io/nats-core";
import type { StreamInfo } from "@nats-io/jetstream";
import type { Log } from "@rookery/runtime";
import { NO_MESSAGE_FOUND, STREAM_NAME_EXISTS } from "./api-error.ts";
import type { Connection } from "./connection.ts";
import { callLogApi } from "./log-api.ts";
import { encodeLogConfig, findMismatch, LOG_ID_KEY, type LogSpec } from "./log-config.ts";
import { LogMismatch, LogMissing, LogRefusal } from "./log-error.ts";
import { findBreak, type BrokenReason, type LogMark, type LogState } from "./log-mark.ts";
import { LogReader, type ReadOptions } from "./log-reader.ts";

/** A message found in the log, without its body. */
export interface LogMessage extends LogMark {
  readonly subject: string;
}

interface StoredMessage {
  readonly message: { subject: string; seq: number; hdrs?: string; time: string };
}

/** One log: an ordered, lasting sequence of messages over several subjects. Whatever it answers comes from its leader. */
export class LogStream {
  readonly name: string;
  /** The identity read when it was opened. Readers stop when the log's is another. */
  readonly identity: string;
  readonly #connection: Connection;
  readonly #log: Log;

  constructor(connection: Connection, log: Log, name: string, identity: string) {
    this.#connection = connection;
    this.#log = log;
    this.name = name;
    this.identity = identity;
  }

  /** @throws BusOutage, LogMissing */
  async state(): Promise<LogState> {
    const info = await callLogApi<StreamInfo>(this.#connection, `STREAM.INFO.${this.name}`, this.name, {});
    const { state } = info;
    const nowMs = info.ts === undefined ? Date.now() : Date.parse(info.ts);
    return {
      identity: info.config.metadata?.[LOG_ID_KEY],
      firstSeq: state.first_seq,
      lastSeq: state.last_seq,
      messages: state.messages,
      ageMs: state.messages === 0 ? 0 : nowMs - Date.parse(state.first_ts),
      bytes: state.bytes,
      bytesMax: info.config.max_bytes,
    };
  }

  /** The last sequence of a subject, 0 when the log holds none. @throws BusOutage, LogMissing */
  async lastSeq(subject: string): Promise<number> {
    return (await this.#find({ last_by_subj: subject }))?.seq ?? 0;
  }

  /** The message at a sequence, null when the log holds none there. @throws BusOutage, LogMissing */
  async messageAt(seq: number): Promise<LogMessage | null> {
    return seq > 0 ? this.#find({ seq }) : null;
  }

  /**
   * L6: whether a position reached earlier still means what it meant; null when it does.
   * @throws BusOutage, LogMissing
   */
  async check(position: { seq: number; mark: LogMark | undefined }): Promise<BrokenReason | null> {
    const found = position.mark === undefined ? null : this.messageAt(position.mark.seq);
    const [state, message] = await Promise.all([this.state(), found]);
    return findBreak({ identity: this.identity, ...position }, state, message);
  }

  /**
   * Removes all messages below a sequence, or those of one subject. Of all it is many times cheaper: for one subject the server
   * looks at every message of the log since, and takes no appends meanwhile. @throws BusOutage, LogMissing
   */
  async trim(what: { readonly belowSeq: number; readonly subject?: string }): Promise<void> {
    const { belowSeq: seq, subject } = what;
    // To JetStream a purge without a sequence, or below 0, is a purge of everything.
    if (seq <= 1) return;
    const body = subject === undefined ? { seq } : { filter: subject, seq };
    await callLogApi(this.#connection, `STREAM.PURGE.${this.name}`, this.name, body);
  }

  /** Begins at once; nothing is thrown later: see `ReadOptions.onBroken`. */
  read(options: ReadOptions): LogReader {
    return new LogReader({ connection: this.#connection, log: this.#log, stream: this }, options);
  }

  async #find(query: { seq: number } | { last_by_subj: string }): Promise<LogMessage | null> {
    try {
      const verb = `STREAM.MSG.GET.${this.name}`;
      const { message } = await callLogApi<StoredMessage>(this.#connection, verb, this.name, query);
      const meta =
        message.hdrs === undefined ? undefined : MsgHdrsImpl.decode(Buffer.from(message.hdrs, "base64"));
      return {
        subject: message.subject,
        seq: message.seq,
        timeMs: Date.parse(message.time),
        msgId: meta?.get("Nats-Msg-Id") || undefined,
      };
    } catch (error) {
      if (error instanceof LogRefusal && error.errCode === NO_MESSAGE_FOUND) return null;
      throw error;
    }
  }
}

/** @throws BusOutage, LogMissing, LogMismatch */
export async function findLog(connection: Connection, log: Log, name: string): Promise<LogStream> {
  const info = await callLogApi<StreamInfo>(connection, `STREAM.INFO.${name}`, name, {});
  return useStream(connection, log, info, undefined);
}

/**
 * The log of that name, made when it is missing. However many processes do this at once, all get one identity:
 * the server keeps the first, the others read it back.
 */
export async function createLog(connection: Connection, log: Log, spec: LogSpec): Promise<LogStream> {
  const info = (await readInfo(connection, spec.name)) ?? (await createStream(connection, spec));
  if (info.config.max_bytes !== spec.bytesMax || info.config.num_replicas !== spec.replicas) {
    const { max_bytes: bytesMax, num_replicas: replicas } = info.config;
    log.warn({ log: spec.name, bytesMax, replicas }, "the log has other limits than configured; they stay");
  }
  return useStream(connection, log, info, spec.subjects);
}

async function createStream(connection: Connection, spec: LogSpec): Promise<StreamInfo> {
  try {
    const config = encodeLogConfig(spec, randomUUID());
    await callLogApi(connection, `STREAM.CREATE.${spec.name}`, spec.name, config);
  } catch (error) {
    if (!(error instanceof LogRefusal && error.errCode === STREAM_NAME_EXISTS)) throw error;
    // Another process was quicker.
  }
  const info = await readInfo(connection, spec.name);
  if (info === null) throw new LogMissing(spec.name);
  return info;
}

async function readInfo(connection: Connection, name: string): Promise<StreamInfo | null> {
  try {
    return await callLogApi<StreamInfo>(connection, `STREAM.INFO.${name}`, name, {});
  } catch (error) {
    if (error instanceof LogMissing) return null;
    throw error;
  }
}

function useStream(
  connection: Connection,
  log: Log,
  info: StreamInfo,
  subjects: readonly string[] | undefined,
): LogStream {
  const { name, metadata } = info.config;
  const mismatch = findMismatch(info.config, subjects);
  const identity = metadata?.[LOG_ID_KEY];
  if (mismatch !== null || identity === undefined)
    throw new LogMismatch(name, mismatch ?? "it has no identity");
  return new LogStream(connection, log, name, identity);
}
