import type { Msg } from "@nats-io/nats-core";
import type { AckSubject } from "./ack-subject.ts";
import type { LogMark } from "./log-mark.ts";

/** A message of a log as its reader gets it. */
export interface Delivery extends LogMark {
  /** How many messages of the subject lay behind it in the log when it was sent: the lag. */
  readonly pending: number;
  readonly bytes: Uint8Array;
}

/** The id is parsed when it is asked for: owners need it of one message in a batch. */
export class StoredDelivery implements Delivery {
  readonly seq: number;
  readonly timeMs: number;
  readonly pending: number;
  readonly bytes: Uint8Array;
  readonly #message: Msg;

  constructor(place: AckSubject, message: Msg) {
    this.seq = place.streamSeq;
    this.timeMs = place.timeMs;
    this.pending = place.pending;
    this.bytes = message.data;
    this.#message = message;
  }

  get msgId(): string | undefined {
    return this.#message.headers?.get("Nats-Msg-Id") || undefined;
  }
}
