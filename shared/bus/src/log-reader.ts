/**
 * Reading one subject of a log, in order, each message once, whatever happens to the server.
 *
 *            ┌──────────────── gap, silence, reconnect, refusal ───────────────┐
 *            ▼                                                                 │
 *   opening: consumer made at last + 1 ──▶ checking: still our log? ──▶ reading
 *            │                                    │ no                 │ queue full
 *            │ the log is missing for 2 s         ▼                    ▼
 *            └──────────────────────────────▶ broken            overrun ──queue empty──▶ opening
 *
 * A consumer of ours is a raw push consumer: nothing durable, nothing acknowledged, kept in memory by one server.
 * The client library's own ordered consumers do not outlive the server that holds them. Each time it is made anew
 * on an inbox of its own, so that nothing of an older one can be mistaken for the present one's.
 *
 * The check comes after the consumer is made: a log replaced before is seen by its identity, one replaced after
 * takes our consumer with it. Until it is passed, messages wait in the queue.
 */
import { createInbox, type Msg, nuid } from "@nats-io/nats-core";
import type { ConsumerConfig } from "@nats-io/jetstream";
import type { Log } from "@rookery/runtime";
import { parseAckSubject } from "./ack-subject.ts";
import type { Connection } from "./connection.ts";
import { type Delivery, StoredDelivery } from "./delivery.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { callLogApi } from "./log-api.ts";
import { LogMissing } from "./log-error.ts";
import type { BrokenReason, LogMark } from "./log-mark.ts";
import type { LogStream } from "./log-stream.ts";
import { BusOutage } from "./outage.ts";

export interface ReadOptions {
  /** A subject of the log, without wildcards. */
  readonly subject: string;
  /** The first message delivered is the subject's first behind this sequence; 0 for all. */
  readonly afterSeq: number;
  /** The message at `afterSeq`, if there is one: the log is checked against it before anything is delivered. */
  readonly mark?: LogMark;
  /** Called in order, once for each message, inside the reading of the socket. What it throws ends the process. */
  readonly onDelivery: (delivery: Delivery) => void;
  /** Called once, then nothing more comes: the log is not what it was (L6). The owner decides where to begin. */
  readonly onBroken: (reason: BrokenReason) => void;
}

/** The server sends a heartbeat when it has nothing else to say; two missed, and a bit, are silence. */
const HEARTBEAT_MS = 500;
/** A quarter of a second each. */
const SILENT_TICKS_MAX = 5;
/** The server forgets a consumer whose inbox nobody hears. */
const FORGET_MS = 5_000;
/** Between attempts to open, so that a log in trouble is not asked without pause. */
const RETRY_MS = 250;
/** A log counts as gone when it is missing for so long: a cluster that elects its leader may not know it at once. */
const MISSING_MS_MAX = 2_000;
const NS_PER_MS = 1_000_000;

/** The server side of the reading, until something happens to it. */
interface Incarnation {
  readonly name: string;
  readonly inbox: { close(): void };
  /** Contiguous: what the consumer sends next has this sequence, or something is lost. */
  nextSeq: number;
  /** The stream's sequence of the last one received. */
  lastSeq: number;
  heard: boolean;
  silentTicks: number;
}

export class LogReader {
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #stream: LogStream;
  readonly #options: ReadOptions;
  readonly #queue = new DeliveryQueue();
  readonly #untick: () => void;
  readonly #unlisten: () => void;
  #incarnation: Incarnation | null = null;
  #ended = false;
  #paused = false;
  #checked = false;
  #draining = false;
  /** What has been delivered. What only waits is read again after anything has happened. */
  #position: { readonly seq: number; readonly mark: LogMark | undefined };
  #retry: NodeJS.Timeout | undefined;
  #missingSinceMs: number | undefined;

  /** @internal `LogStream.read` makes it. */
  constructor(parts: { connection: Connection; log: Log; stream: LogStream }, options: ReadOptions) {
    this.#connection = parts.connection;
    this.#log = parts.log;
    this.#stream = parts.stream;
    this.#options = options;
    this.#position = { seq: options.afterSeq, mark: options.mark };
    this.#untick = this.#connection.ticker.add(() => this.#tick());
    this.#unlisten = this.#connection.onStatus((status) => {
      if (status === "connected") this.#open();
      else if (status === "disconnected") this.#abandon();
      else this.#end();
    });
    this.#open();
  }

  /** Bytes that wait for a resume: at most `QUEUE_BYTES_MAX` and one message. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  /** Nothing is delivered until `resume`; the server stops sending soon after. */
  pause(): void {
    this.#paused = true;
  }

  /** Delivers what waits, inside this call, then goes on. */
  resume(): void {
    this.#paused = false;
    this.#drain();
  }

  /** No delivery after this call. Resolves when the server has been told, or cannot be told: it forgets by itself. */
  async close(): Promise<void> {
    const name = this.#incarnation?.name;
    this.#end();
    if (name !== undefined) await this.#delete(name);
  }

  #open(): void {
    this.#abandon();
    if (this.#ended || !this.#connection.connected) return;
    const inbox = createInbox();
    const incarnation: Incarnation = {
      name: nuid.next(),
      inbox: this.#connection.subscribe(inbox, (message) => this.#receive(incarnation, message)),
      nextSeq: 1,
      lastSeq: this.#position.seq,
      heard: false,
      silentTicks: 0,
    };
    this.#incarnation = incarnation;
    this.#begin(incarnation, inbox).catch((error: unknown) => this.#fail(incarnation, error));
  }

  async #begin(incarnation: Incarnation, inbox: string): Promise<void> {
    await this.#create(incarnation.name, inbox);
    if (this.#incarnation !== incarnation) return;
    const reason = await this.#stream.check(this.#position);
    if (this.#incarnation !== incarnation) return;
    this.#missingSinceMs = undefined;
    if (reason !== null) return this.#break(reason);
    this.#checked = true;
    this.#drain();
  }

  async #create(name: string, inbox: string): Promise<void> {
    const { subject } = this.#options;
    const config: Partial<ConsumerConfig> = {
      name,
      deliver_subject: inbox,
      deliver_policy: "by_start_sequence",
      opt_start_seq: this.#position.seq + 1,
      filter_subject: subject,
      ack_policy: "none",
      replay_policy: "instant",
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: HEARTBEAT_MS * NS_PER_MS,
      inactive_threshold: FORGET_MS * NS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
    };
    const verb = `CONSUMER.CREATE.${this.#stream.name}.${name}.${subject}`;
    const body = { stream_name: this.#stream.name, config, action: "create" };
    await callLogApi(this.#connection, verb, this.#stream.name, body);
  }

  #fail(incarnation: Incarnation, error: unknown): void {
    if (this.#incarnation !== incarnation) return;
    const nowMs = performance.now();
    if (error instanceof LogMissing) {
      this.#missingSinceMs ??= nowMs;
      if (nowMs - this.#missingSinceMs >= MISSING_MS_MAX) return this.#break("missing");
    } else if (!(error instanceof BusOutage)) {
      this.#log.error({ err: error, subject: this.#options.subject }, "a log reader cannot be opened");
    }
    this.#reopen("refused");
  }

  #receive(incarnation: Incarnation, message: Msg): void {
    if (this.#incarnation !== incarnation) return;
    incarnation.heard = true;
    const place = message.reply === undefined ? null : parseAckSubject(message.reply);
    if (place === null) return this.#obey(incarnation, message);
    if (place.consumerSeq !== incarnation.nextSeq || place.streamSeq <= incarnation.lastSeq) {
      return this.#reopen("gap");
    }
    incarnation.nextSeq++;
    incarnation.lastSeq = place.streamSeq;
    const delivery = new StoredDelivery(place, message);
    if (this.#flowing && this.#queue.length === 0) return this.#deliver(delivery);
    this.#queue.push({ kind: "delivery", delivery });
    // What waits was read from a log known to be ours: it is delivered, and then read on from there. Before the
    // check the window of a new consumer, 2 MiB, is the bound: to give up for one big message would never end.
    if (this.#queue.full && this.#checked) this.#release();
  }

  #deliver(delivery: Delivery): void {
    this.#position = { seq: delivery.seq, mark: delivery };
    this.#options.onDelivery(delivery);
  }

  /** What the server says between messages: heartbeats and questions whether it may send more. */
  #obey(incarnation: Incarnation, message: Msg): void {
    const meta = message.headers;
    if (meta?.code !== 100) return this.#reopen("ended");
    if (message.reply) return this.#answer(message.reply);
    const sent = meta.get("Nats-Last-Consumer");
    if (sent !== "" && Number(sent) !== incarnation.nextSeq - 1) return this.#reopen("gap");
    // Our answer to its question was lost.
    const stalled = meta.get("Nats-Consumer-Stalled");
    if (stalled !== "" && this.#queue.length === 0) this.#answer(stalled);
  }

  /** It may send more when all that came before the question has been delivered. */
  #answer(reply: string): void {
    if (this.#flowing && this.#queue.length === 0) this.#connection.publish(reply);
    else this.#queue.push({ kind: "flow", reply });
  }

  get #flowing(): boolean {
    return this.#checked && !this.#paused && !this.#draining;
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (this.#checked && !this.#paused && !this.#ended) {
        const item = this.#queue.shift();
        if (item === undefined) break;
        if (item.kind === "flow") this.#connection.publish(item.reply);
        else this.#deliver(item.delivery);
      }
    } finally {
      this.#draining = false;
    }
    const overrun = this.#checked && this.#incarnation === null;
    if (overrun && this.#queue.length === 0) this.#open();
  }

  #tick(): void {
    const incarnation = this.#incarnation;
    // While it is being opened the calls' own times bound the wait.
    if (incarnation === null || !this.#checked) return;
    incarnation.silentTicks = incarnation.heard ? 0 : incarnation.silentTicks + 1;
    incarnation.heard = false;
    if (incarnation.silentTicks >= SILENT_TICKS_MAX) this.#reopen("silence");
  }

  #reopen(why: "gap" | "silence" | "ended" | "refused"): void {
    const { subject } = this.#options;
    this.#log.debug({ subject, why, afterSeq: this.#position.seq }, "a log reader is opened again");
    this.#abandon();
    this.#retry = setTimeout(() => this.#open(), RETRY_MS);
  }

  /** What waits may be from a log that is no more: it is forgotten, and read again once the log has been checked. */
  #abandon(): void {
    clearTimeout(this.#retry);
    this.#checked = false;
    this.#queue.clear();
    this.#release();
  }

  #release(): void {
    const incarnation = this.#incarnation;
    if (incarnation === null) return;
    this.#incarnation = null;
    incarnation.inbox.close();
    if (this.#connection.connected) this.#delete(incarnation.name).catch(() => {});
  }

  #break(reason: BrokenReason): void {
    this.#log.warn({ log: this.#stream.name, subject: this.#options.subject, reason }, "a log has broken");
    this.#end();
    this.#options.onBroken(reason);
  }

  #end(): void {
    this.#ended = true;
    this.#untick();
    this.#unlisten();
    this.#abandon();
  }

  /** A kindness to the server, which would do it by itself after `FORGET_MS`. */
  async #delete(name: string): Promise<void> {
    const verb = `CONSUMER.DELETE.${this.#stream.name}.${name}`;
    try {
      await callLogApi(this.#connection, verb, this.#stream.name, {});
    } catch {
      // Gone already, or not to be reached: either way it will not be there.
    }
  }
}
