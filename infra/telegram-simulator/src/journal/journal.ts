import type { Violation } from "../bot/rate-limit.ts";
import type { Json } from "../world/message.ts";

export type SeenKind =
  | "message"
  | "edit"
  | "delete"
  | "reaction"
  | "pin"
  | "unpin"
  | "action"
  | "callback_answer"
  | "inline_answer";

/** One thing a bot did that people saw. */
export interface Seen {
  readonly seq: number;
  readonly atMs: number;
  readonly kind: SeenKind;
  readonly botId: number;
  /** As the bot names it. */
  readonly chatId: number;
  /** Who saw it. */
  readonly userIds: readonly number[];
  readonly messageId?: number;
  /** The message as it was then, or the answer. */
  readonly body: Json;
  /** `unknown`: the bot did not get the answer of the call, and may do it again without being at fault. */
  outcome: "told" | "unknown";
}

/** One call of the Bot API. */
export interface Call {
  readonly seq: number;
  readonly atMs: number;
  readonly botId: number;
  /** As the documentation spells it. */
  readonly method: string;
  readonly fields: Json;
  /** In the answer of a webhook. */
  readonly isWebhookAnswer: boolean;
  /** The answer's status; null while it is not answered, 0 when the connection was cut. */
  status: number | null;
  error?: string;
  fault?: string;
}

export interface Journal {
  readonly seen: readonly Seen[];
  readonly calls: readonly Call[];
  readonly violations: readonly Violation[];
  /** What one person saw, in order. */
  seenBy(userId: number): readonly Seen[];
  /** Entries dropped since the start; a checker must not believe a journal with any. */
  readonly forgotten: number;
}

export interface JournalWriter extends Journal {
  see(entry: Omit<Seen, "seq" | "outcome">): Seen;
  call(entry: Omit<Call, "seq" | "status">): Call;
  violate(violation: Violation): void;
}

const entriesMax = 1_000_000;

export function openJournal(): JournalWriter {
  const seen: Seen[] = [];
  const calls: Call[] = [];
  const violations: Violation[] = [];
  let seq = 0;
  let forgotten = 0;

  function keep<T>(list: T[], entry: T): T {
    list.push(entry);
    if (list.length > entriesMax) {
      forgotten += list.length >> 1;
      list.splice(0, list.length >> 1);
    }
    return entry;
  }

  return {
    seen,
    calls,
    violations,
    seenBy: (userId) => seen.filter(({ userIds }) => userIds.includes(userId)),
    get forgotten() {
      return forgotten;
    },
    see: (entry) => keep(seen, { ...entry, seq: ++seq, body: structuredClone(entry.body), outcome: "told" }),
    call: (entry) => keep(calls, { ...entry, seq: ++seq, status: null }),
    violate: (violation) => void keep(violations, violation),
  };
}
