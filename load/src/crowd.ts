/** Everybody in one large chat reads every message, and everybody is told who has. Counts what that takes. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, connect, eachOf, type Mark, type ServerFrame } from "./client.ts";
import type { StageDoor } from "./stage.ts";

export interface CrowdCounts {
  /** `Read` frames sent. */
  readonly reads: number;
  /** Frames that told of receipts, at all sockets together, the marks in them, and their bytes. */
  readonly frames: number;
  readonly marks: number;
  readonly bytes: number;
}

export interface Crowd {
  /**
   * One of them writes, all read it within `spreadMs`, all hear that all have read it. Stops early, with a fault, when
   * nothing comes for a while.
   */
  readOne(body: string, spreadMs: number): Promise<void>;
  readonly seq: number;
  readonly counts: CrowdCounts;
  readonly faults: readonly string[];
  close(): Promise<void>;
}

const opensMax = 50;
const stallMsDefault = 15_000;
const pollMs = 10;
const faultsMax = 20;

/** Opens a socket for each of `userIds`, by the door at the same place. */
export async function openCrowd(
  chat: { readonly id: number; readonly headSeq: number },
  userIds: readonly number[],
  doors: readonly StageDoor[],
  stallMs = stallMsDefault,
): Promise<Crowd> {
  const placeOf = new Map(userIds.map((userId, index) => [userId, index]));
  /** What each socket believes each member to have read. */
  const views = doors.map(() => new Float64Array(userIds.length));
  const faults: string[] = [];
  const counts = { reads: 0, frames: 0, marks: 0, bytes: 0 };
  let seq = chat.headSeq;
  let spread = 0;
  /** Pairs of a socket and a member it knows to have read `seq`. */
  let known = 0;
  let turn = 0;

  const complain = (fault: string): void => {
    if (faults.length < faultsMax) faults.push(fault);
  };
  const note = (reader: number, { userId, readSeq }: Mark): void => {
    const place = placeOf.get(userId);
    const view = views[reader];
    if (place === undefined || view === undefined)
      return complain(`a receipt of ${userId}, who is not in it`);
    const before = view[place] ?? 0;
    if (readSeq > seq || readSeq < before) complain(`a receipt of ${readSeq} after ${before}, at ${seq}`);
    if (before < seq && readSeq >= seq) known++;
    view[place] = Math.max(before, readSeq);
    counts.marks++;
  };
  const hear = (reader: number, frame: ServerFrame, bytes: number): void => {
    if (frame.type === "Message") {
      if (frame.seq !== seq) complain(`message ${frame.seq} when ${seq} was due`);
      setTimeout(() => {
        counts.reads++;
        sockets[reader]?.read(chat.id, frame.seq);
      }, Math.random() * spread);
    } else if (frame.type === "Receipts" || frame.type === "Receipt") {
      counts.frames++;
      counts.bytes += bytes;
      for (const mark of frame.type === "Receipt" ? [frame] : frame.receipts) note(reader, mark);
    } else if (frame.type === "Error") complain(`refused: ${frame.code}`);
  };

  const sockets: readonly Connection[] = await eachOf(doors, opensMax, (door, reader) =>
    connect(door.base, door.token, {
      frame: (frame, _, bytes) => hear(reader, frame, bytes),
      close: (code) => complain(`socket ${reader} was closed with ${code}`),
    }),
  );

  return {
    async readOne(body, spreadMs) {
      seq += 1;
      known = 0;
      spread = spreadMs;
      const due = sockets.length * userIds.length;
      sockets[turn % sockets.length]?.send(`crowd-${chat.id}-${turn}`, chat.id, body);
      turn += 1;
      let seen = -1;
      let sinceMs = performance.now();
      while (known < due) {
        if (known !== seen) {
          seen = known;
          sinceMs = performance.now();
        } else if (performance.now() - sinceMs > stallMs + spreadMs) {
          return complain(`${known} of ${due} were told of a read of ${seq}`);
        }
        await sleep(pollMs);
      }
    },
    get seq() {
      return seq;
    },
    get counts() {
      return { ...counts };
    },
    faults,
    async close() {
      await Promise.all(sockets.map((socket) => socket.close()));
    },
  };
}
