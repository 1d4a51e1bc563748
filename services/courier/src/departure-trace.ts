/**
 * What leaves the cluster, as spans of the traces of its messages. Neither sends nor deliveries say whose message they carry, so
 * that their rows stay small; while messages are traced it is read from the messages' rows, a batch at a time and beside the way.
 */
import type { Log, Tracer } from "@rookery/runtime";
import { readOrigins, type Store } from "@rookery/store";

export interface Departure {
  readonly stage: "telegram" | "webhook";
  readonly chatId: number;
  readonly seq: number;
  /** By the wall clock. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export interface DepartureTrace {
  /** Never throws, never waits. */
  note(departure: Departure): void;
  /** Tells of what is left. */
  close(): Promise<void>;
}

const pauseMs = 200;
/** Beyond it departures are not traced. */
const waitingMax = 2_000;

export function openDepartureTrace(parts: {
  readonly tracer: Tracer;
  readonly store: Store;
  readonly log: Log;
}): DepartureTrace {
  const { tracer, store, log } = parts;
  let waiting: Departure[] = [];
  let telling: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;

  const tell = async (): Promise<void> => {
    timer = undefined;
    const batch = waiting;
    waiting = [];
    try {
      const origins = new Map((await readOrigins(store, batch)).map((each) => [placeOf(each), each]));
      for (const { chatId, seq, attributes, ...times } of batch) {
        const origin = origins.get(placeOf({ chatId, seq }));
        if (origin === undefined) continue;
        const { senderId, uuid } = origin;
        const named = { ...attributes, "rookery.chat": chatId, "rookery.seq": seq };
        tracer.note({ ...times, senderId, uuid, attributes: named });
      }
    } catch (error) {
      log.warn({ err: String(error), departures: batch.length }, "departures could not be traced");
    }
  };

  return {
    note(departure) {
      if (waiting.length >= waitingMax) return;
      waiting.push(departure);
      timer ??= setTimeout(() => {
        telling = tell();
      }, pauseMs);
    },
    async close() {
      clearTimeout(timer);
      await telling;
      if (waiting.length > 0) await tell();
    },
  };
}

function placeOf({ chatId, seq }: Pick<Departure, "chatId" | "seq">): string {
  return `${chatId}/${seq}`;
}
