/** A message of a log, as it can be recognised again: what is kept beside an offset (L6). */
export interface LogMark {
  readonly seq: number;
  /** When the log stored it, whole milliseconds. */
  readonly timeMs: number;
  /** The `msgId` it was appended with. */
  readonly msgId: string | undefined;
}

/** What a log says of itself now. */
export interface LogState {
  readonly identity: string | undefined;
  readonly firstSeq: number;
  /** 0 before the first message. It never goes back, unless the log was lost. */
  readonly lastSeq: number;
  readonly messages: number;
  /** How long the first message has been there; 0 where there is none. By the server's clock. */
  readonly ageMs: number;
  readonly bytes: number;
  /** Beyond it appends are refused as full; below 1: it has no bound. */
  readonly bytesMax: number;
}

/**
 * Why a position in a log means nothing any more:
 * `missing`: the log is gone; `identity`: another log bears its name; `truncated`: the log ends before our
 * position; `mark`: at our position lies another message, or none.
 */
export type BrokenReason = "missing" | "identity" | "truncated" | "mark";

/**
 * L6: whether the log is still the one in which `seq` was reached.
 *
 * @param seq the position: the last sequence seen, 0 for none
 * @param mark the message seen there, if it is known
 * @param found the message that lies there now, null when there is none; read after `state`
 */
export function findBreak(
  position: { readonly identity: string; readonly seq: number; readonly mark: LogMark | undefined },
  state: LogState,
  found: LogMark | null,
): Exclude<BrokenReason, "missing"> | null {
  if (state.identity !== position.identity) return "identity";
  if (state.lastSeq < position.seq) return "truncated";
  const { mark } = position;
  if (mark === undefined) return null;
  const same = found !== null && found.timeMs === mark.timeMs && found.msgId === mark.msgId;
  return same ? null : "mark";
}
