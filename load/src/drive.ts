/** Sends messages through open sockets and keeps the books; knows nothing about who serves. */
import { setImmediate as endOfTurn, setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "./client.ts";
import type { Percentiles } from "./histogram.ts";
import { type Ledger, type LedgerReport, openLedger } from "./ledger.ts";

export interface Stage {
  readonly sockets: readonly Connection[];
  readonly chats: readonly StageChat[];
  /** Where frames of the sockets go; `drive` opens a ledger for each phase. */
  ledger: Ledger | undefined;
  /** Sockets that ended unasked. */
  readonly lost: string[];
  /** Reads of all sockets that brought bytes: deliveries over it are the frames of a write. */
  reads: number;
  /** From the first connect to the last `Hello`, and each socket's own. */
  readonly openMs: number;
  readonly hellos: Percentiles;
}

export interface StageChat {
  readonly id: number;
  headSeq: number;
  /** Indices into `sockets`: who reads, and so may write. */
  readonly readers: readonly number[];
}

export type Pace =
  /** Open loop: so many a second whether answered or not, so that a stall shows in the latencies. */
  | { readonly kind: "rate"; readonly perSecond: number }
  /** Closed loop: as quickly as acks allow. */
  | { readonly kind: "window"; readonly unackedMax: number }
  /** So many of one chat in one write, and the next when everybody has them. */
  | { readonly kind: "burst"; readonly size: number };

export interface DriveOptions {
  readonly pace: Pace;
  /** From and to, of those of the stage; all of them if not given. */
  readonly chats?: readonly [from: number, to: number] | undefined;
}

export interface PhaseReport extends LedgerReport {
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly deliveriesPerSecond: number;
  readonly seconds: number;
  /** Frames that came in one read, on average. */
  readonly framesPerRead: number;
}

/** No progress for so long ends the phase; what is missing is then a fault. */
const stallMs = 15_000;
const tickMs = 1;
/** A sender who is behind its schedule still reads so often: what it has not read counts as late, and it may be told to stop. */
const turnMsMax = 2;
const bodyBytes = 120;

/** Sends `messages` over the chats in turn, from all readers in turn, and waits for every ack and delivery. */
export async function drive(
  stage: Stage,
  name: string,
  messages: number,
  { pace, chats: chosen = [0, stage.chats.length] }: DriveOptions,
): Promise<PhaseReport> {
  const chats = stage.chats.slice(...chosen);
  const ledger = openLedger(chats);
  stage.ledger = ledger;
  const body = "x".repeat(bodyBytes);
  const readsBefore = stage.reads;
  const startMs = performance.now();
  const size = pace.kind === "burst" ? pace.size : 1;
  let turnMs = startMs;
  for (let index = 0; index < messages; index += size) {
    let dueMs = performance.now();
    if (pace.kind === "rate") {
      // Timed from when it was due: a late sender must not hide a wait.
      dueMs = startMs + (index * 1_000) / pace.perSecond;
      while (performance.now() < dueMs) await sleep(tickMs);
      if (performance.now() - turnMs > turnMsMax) {
        await endOfTurn();
        turnMs = performance.now();
      }
    } else if (pace.kind === "window") {
      await progressUntil(ledger, () => index - ledger.ackCount - ledger.refusedCount < pace.unackedMax);
      dueMs = performance.now();
    } else await progressUntil(ledger, () => isDone(ledger, index));
    send(index, Math.min(size, messages - index), pace.kind === "burst" ? performance.now() : dueMs);
  }
  await progressUntil(ledger, () => isAnswered(ledger, messages));
  const ackedMs = performance.now();
  await progressUntil(ledger, () => ledger.deliveryCount >= ledger.deliveriesDue);
  const deliveredMs = performance.now();
  const report = ledger.close();
  stage.ledger = undefined;
  const turns = Math.ceil(messages / size);
  for (const [index, chat] of chats.entries()) {
    // The last burst may be a short one.
    const isLast = (turns - 1) % chats.length === index;
    chat.headSeq += share(turns, chats.length, index) * size - (isLast ? turns * size - messages : 0);
  }
  return {
    ...report,
    faultCount: report.faultCount + stage.lost.length,
    faults: [...stage.lost, ...report.faults],
    messages,
    messagesPerSecond: (messages * 1_000) / (ackedMs - startMs),
    deliveriesPerSecond: (report.deliveries.count * 1_000) / (deliveredMs - startMs),
    seconds: (deliveredMs - startMs) / 1_000,
    framesPerRead: report.deliveries.count / Math.max(1, stage.reads - readsBefore),
  };

  function send(index: number, count: number, atMs: number): void {
    const turns = Math.floor(index / size);
    const chat = chats[turns % chats.length] as StageChat;
    const turn = Math.floor(turns / chats.length);
    const socket = stage.sockets[chat.readers[turn % chat.readers.length] as number] as Connection;
    const uuids = Array.from({ length: count }, (_, step) => `${name}-${index + step}`);
    for (const uuid of uuids) ledger.sent(uuid, chat.id, atMs);
    if (count === 1) socket.send(uuids[0] as string, chat.id, body);
    else socket.sendAll(uuids, chat.id, body);
  }
}

function isDone(ledger: Ledger, messages: number): boolean {
  return isAnswered(ledger, messages) && ledger.deliveryCount >= ledger.deliveriesDue;
}

function isAnswered(ledger: Ledger, messages: number): boolean {
  return ledger.ackCount + ledger.refusedCount >= messages;
}

/** How many of `total`, dealt in turn, fall to the one at `index`. */
function share(total: number, ways: number, index: number): number {
  return Math.floor(total / ways) + (index < total % ways ? 1 : 0);
}

/** Waits for the condition as long as acks or deliveries go on. */
async function progressUntil(ledger: Ledger, condition: () => boolean): Promise<void> {
  if (condition()) return;
  let seen = -1;
  let stalled = false;
  const timer = setInterval(() => {
    const now = ledger.ackCount + ledger.deliveryCount + ledger.refusedCount;
    stalled = now === seen;
    seen = now;
    if (stalled) ledger.wake();
  }, stallMs);
  try {
    while (!stalled && !condition()) await ledger.moved();
  } finally {
    clearInterval(timer);
  }
}
