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
  /** Until the last of a message's readers had it. */
  readonly lasts: Percentiles;
  /** How many were refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
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
  /** Resolves at the next ack, delivery or refusal; one waits at a time. */
  moved(): Promise<void>;
  /** Lets it go on though nothing has moved. */
  wake(): void;
  readonly ackCount: number;
  readonly refusedCount: number;
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

interface Book {
  readonly headSeq: number;
  /** The uuid of each seq behind the head. */
  readonly uuids: string[];
  /** The highest seq of each reader. */
  readonly highest: Map<number, number>;
  readonly due: number;
}

export function openLedger(chats: readonly LedgerChat[]): Ledger {
  const acks = createTimeHistogram();
  const deliveries = createTimeHistogram();
  const lasts = createTimeHistogram();
  const sent = new Map<string, Sent>();
  const books = new Map(chats.map((chat) => [chat.id, openBook(chat)]));
  const faults: string[] = [];
  let faultCount = 0;
  let ackCount = 0;
  let deliveryCount = 0;
  let deliveriesDue = 0;
  let refusedCount = 0;
  const refused: Record<string, number> = {};
  let told: (() => void) | null = null;

  function complain(fault: string): void {
    faultCount++;
    if (faults.length < faultsShownMax) faults.push(fault);
  }

  function place(book: Book | undefined, chatId: number, seq: number, uuid: string): void {
    if (book === undefined) return;
    const index = seq - book.headSeq;
    const there = book.uuids[index] ?? uuid;
    if (there !== uuid) complain(`chat ${chatId} seq ${seq} is ${there} and ${uuid}`);
    book.uuids[index] = there;
  }

  function wake(): void {
    const tellNow = told;
    told = null;
    tellNow?.();
  }

  return {
    sent(uuid, chatId, atMs) {
      sent.set(uuid, { chatId, atMs, seq: undefined, deliveries: 0 });
      deliveriesDue += books.get(chatId)?.due ?? 0;
    },
    acked(ack, atMs) {
      const entry = sent.get(ack.uuid);
      if (entry === undefined) return complain(`an ack for ${ack.uuid}, which was not sent`);
      if (entry.seq !== undefined) return complain(`a second ack for ${ack.uuid}`);
      if (ack.duplicate) complain(`${ack.uuid} was sent once and acked as a duplicate`);
      entry.seq = ack.seq;
      ackCount++;
      place(books.get(entry.chatId), entry.chatId, ack.seq, ack.uuid);
      acks.record(atMs - entry.atMs);
      wake();
    },
    delivered(reader, { uuid, chatId, seq }, atMs) {
      const entry = sent.get(uuid);
      // Not of this run: told at once, since it also takes a seq.
      if (entry === undefined) return complain(`${uuid} was delivered and never sent`);
      const book = books.get(chatId);
      const before = book?.highest.get(reader);
      if (book === undefined || before === undefined) {
        return complain(`reader ${reader} got seq ${seq} of chat ${chatId}, which it is not in`);
      }
      if (seq !== before + 1) complain(`reader ${reader} got seq ${seq} of chat ${chatId} after ${before}`);
      book.highest.set(reader, Math.max(before, seq));
      place(book, chatId, seq, uuid);
      entry.deliveries++;
      deliveryCount++;
      deliveries.record(atMs - entry.atMs);
      if (entry.deliveries === book.due) lasts.record(atMs - entry.atMs);
      wake();
    },
    refused(uuid, code) {
      refusedCount++;
      refused[code] = (refused[code] ?? 0) + 1;
      const entry = sent.get(uuid);
      if (entry !== undefined && sent.delete(uuid)) deliveriesDue -= books.get(entry.chatId)?.due ?? 0;
      complain(`${uuid} was refused: ${code}`);
      wake();
    },
    wake,
    moved: () =>
      new Promise((resolve) => {
        told = resolve;
      }),
    get ackCount() {
      return ackCount;
    },
    get refusedCount() {
      return refusedCount;
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
        const due = books.get(entry.chatId)?.due ?? 0;
        if (entry.deliveries !== due) complain(`${uuid} was delivered ${entry.deliveries} times of ${due}`);
      }
      return {
        deliveriesDue,
        acks: acks.percentiles(),
        deliveries: deliveries.percentiles(),
        lasts: lasts.percentiles(),
        refused,
        faultCount,
        faults,
      };
    },
  };
}

function openBook({ headSeq, readers }: LedgerChat): Book {
  const highest = new Map(readers.map((reader) => [reader, headSeq]));
  return { headSeq, uuids: [], highest, due: readers.length };
}
