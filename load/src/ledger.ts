/**
 * The books of one run: who must get which message, who got it, when. Pure; times are arguments.
 *
 * A message is once and in order at a reader when each frame of a chat is the seq behind the one before it, and
 * when one seq carries one uuid for all readers.
 */
import { createTimeHistogram, type Percentiles } from "./histogram.ts";

/** Beyond this many, faults are counted only. */
const faultsShownMax = 10;

export interface LedgerReport {
  /** Deliveries that had to come. */
  readonly deliveriesDue: number;
  readonly acks: Percentiles;
  readonly deliveries: Percentiles;
  readonly faultCount: number;
  /** The first few. */
  readonly faults: readonly string[];
}

export interface Ledger {
  sent(uuid: string, chatId: number, atMs: number): void;
  acked(
    ack: { readonly uuid: string; readonly seq: number; readonly duplicate: boolean },
    atMs: number,
  ): void;
  delivered(
    reader: number,
    message: { readonly chatId: number; readonly seq: number; readonly uuid: string },
    atMs: number,
  ): void;
  refused(uuid: string, code: string): void;
  readonly ackCount: number;
  readonly deliveryCount: number;
  /** Deliveries that must come for what was sent so far. */
  readonly deliveriesDue: number;
  /** Ends the run: complains also about what never came. */
  close(): LedgerReport;
}

export interface LedgerChat {
  readonly id: number;
  /** The seq before the first of this run. */
  readonly headSeq: number;
  readonly readers: readonly number[];
}

interface Sent {
  readonly chatId: number;
  readonly atMs: number;
  seq: number | undefined;
  deliveries: number;
}

export function openLedger(chats: readonly LedgerChat[]): Ledger {
  const acks = createTimeHistogram();
  const deliveries = createTimeHistogram();
  const sent = new Map<string, Sent>();
  const chatById = new Map(chats.map((chat) => [chat.id, chat]));
  const readersOf = new Map(chats.map((chat) => [chat.id, new Set(chat.readers)]));
  const uuidAt = new Map<string, string>();
  const highest = new Map<string, number>();
  const faults: string[] = [];
  let faultCount = 0;
  let ackCount = 0;
  let deliveryCount = 0;
  let deliveriesDue = 0;

  function complain(fault: string): void {
    faultCount++;
    if (faults.length < faultsShownMax) faults.push(fault);
  }

  function place(chatId: number, seq: number, uuid: string): void {
    const key = `${chatId} ${seq}`;
    const there = uuidAt.get(key) ?? uuid;
    if (there !== uuid) complain(`chat ${chatId} seq ${seq} is ${there} and ${uuid}`);
    uuidAt.set(key, there);
  }

  return {
    sent(uuid, chatId, atMs) {
      sent.set(uuid, { chatId, atMs, seq: undefined, deliveries: 0 });
      deliveriesDue += chatById.get(chatId)?.readers.length ?? 0;
    },
    acked(ack, atMs) {
      const entry = sent.get(ack.uuid);
      if (entry === undefined) return complain(`an ack for ${ack.uuid}, which was not sent`);
      if (entry.seq !== undefined) return complain(`a second ack for ${ack.uuid}`);
      if (ack.duplicate) complain(`${ack.uuid} was sent once and acked as a duplicate`);
      entry.seq = ack.seq;
      ackCount++;
      place(entry.chatId, ack.seq, ack.uuid);
      acks.record(atMs - entry.atMs);
    },
    delivered(reader, message, atMs) {
      const entry = sent.get(message.uuid);
      // Not of this run: told at once, since it also takes a seq.
      if (entry === undefined) return complain(`${message.uuid} was delivered and never sent`);
      if (readersOf.get(message.chatId)?.has(reader) !== true) {
        return complain(
          `reader ${reader} got seq ${message.seq} of chat ${message.chatId}, which it is not in`,
        );
      }
      const key = `${reader} ${message.chatId}`;
      const before = highest.get(key) ?? chatById.get(message.chatId)?.headSeq ?? 0;
      if (message.seq !== before + 1) {
        complain(`reader ${reader} got seq ${message.seq} of chat ${message.chatId} after ${before}`);
      }
      highest.set(key, Math.max(before, message.seq));
      place(message.chatId, message.seq, message.uuid);
      entry.deliveries++;
      deliveryCount++;
      deliveries.record(atMs - entry.atMs);
    },
    refused(uuid, code) {
      complain(`${uuid} was refused: ${code}`);
    },
    get ackCount() {
      return ackCount;
    },
    get deliveryCount() {
      return deliveryCount;
    },
    get deliveriesDue() {
      return deliveriesDue;
    },
    close() {
      for (const [uuid, entry] of sent) {
        if (entry.seq === undefined) complain(`${uuid} was never acked`);
        const due = chatById.get(entry.chatId)?.readers.length ?? 0;
        if (entry.deliveries !== due) complain(`${uuid} was delivered ${entry.deliveries} times of ${due}`);
      }
      return {
        deliveriesDue,
        acks: acks.percentiles(),
        deliveries: deliveries.percentiles(),
        faultCount,
        faults,
      };
    },
  };
}
