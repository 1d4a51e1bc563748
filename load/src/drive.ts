/** Sends messages through open sockets and keeps the books; knows nothing about who serves. */
import { setTimeout as sleep } from "node:timers/promises";
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
  | { readonly kind: "window"; readonly unackedMax: number };

export interface PhaseReport extends LedgerReport {
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly deliveriesPerSecond: number;
}

/** No progress for so long ends the phase; what is missing is then a fault. */
const stallMs = 15_000;
const pollMs = 5;
const bodyBytes = 120;

/** Sends `messages` over all chats in turn, from all readers in turn, and waits for every ack and delivery. */
export async function drive(stage: Stage, name: string, messages: number, pace: Pace): Promise<PhaseReport> {
  const ledger = openLedger(stage.chats);
  stage.ledger = ledger;
  const body = "x".repeat(bodyBytes);
  const startMs = performance.now();
  for (let index = 0; index < messages; index++) {
    if (pace.kind === "rate") {
      const dueMs = startMs + (index * 1_000) / pace.perSecond;
      while (performance.now() < dueMs) await sleep(1);
      // Timed from when it was due: a late sender must not hide a wait.
      send(index, dueMs);
    } else {
      await progressUntil(ledger, () => index - ledger.ackCount < pace.unackedMax);
      send(index, performance.now());
    }
  }
  await progressUntil(ledger, () => ledger.ackCount >= messages);
  const ackedMs = performance.now();
  await progressUntil(ledger, () => ledger.deliveryCount >= ledger.deliveriesDue);
  const deliveredMs = performance.now();
  const report = ledger.close();
  stage.ledger = undefined;
  for (const [index, chat] of stage.chats.entries())
    chat.headSeq += share(messages, stage.chats.length, index);
  return {
    ...report,
    faultCount: report.faultCount + stage.lost.length,
    faults: [...stage.lost, ...report.faults],
    messages,
    messagesPerSecond: (messages * 1_000) / (ackedMs - startMs),
    deliveriesPerSecond: (report.deliveries.count * 1_000) / (deliveredMs - startMs),
  };

  function send(index: number, atMs: number): void {
    const chat = stage.chats[index % stage.chats.length] as StageChat;
    const turn = Math.floor(index / stage.chats.length);
    const socket = stage.sockets[chat.readers[turn % chat.readers.length] as number] as Connection;
    const uuid = `${name}-${index}`;
    ledger.sent(uuid, chat.id, atMs);
    socket.send(uuid, chat.id, body);
  }
}

/** How many of `total`, dealt in turn, fall to the one at `index`. */
function share(total: number, ways: number, index: number): number {
  return Math.floor(total / ways) + (index < total % ways ? 1 : 0);
}

/** Waits for the condition as long as acks or deliveries go on. */
async function progressUntil(ledger: Ledger, condition: () => boolean): Promise<void> {
  let seen = -1;
  let sinceMs = performance.now();
  while (!condition()) {
    const now = ledger.ackCount + ledger.deliveryCount;
    if (now !== seen) {
      seen = now;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > stallMs) return;
    // An immediate lets socket events in; a timer only when nothing moves.
    await (performance.now() - sinceMs < pollMs ? new Promise((resolve) => setImmediate(resolve)) : sleep(1));
  }
}
