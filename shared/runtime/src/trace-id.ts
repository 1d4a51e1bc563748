import { createHash } from "node:crypto";

/**
 * The ids of a message's trace, made from what every process knows of it. So nothing is sent along: whoever sees the message,
 * edge, worker or another edge, makes the same ids, and decides alike whether it is among those that are traced. A repeat of
 * a message belongs to its trace.
 */
export interface TraceIds {
  readonly traceId: string;
  /** Of the span of its command, the root, at the edge that took it in. */
  readonly command: string;
  /** Of the span of its commit, at the worker. */
  readonly commit: string;
}

/** Pure. @returns null when it is not among the traced ones; `ratio` from 0 to 1 */
export function traceIdsOf(senderId: number, uuid: string, ratio: number): TraceIds | null {
  const name = `${senderId} ${uuid}`;
  if (lotOf(name) >= ratio) return null;
  const digest = createHash("sha256").update(name).digest();
  return {
    traceId: digest.toString("hex", 0, 16),
    command: digest.toString("hex", 16, 24),
    commit: digest.toString("hex", 24, 32),
  };
}

/**
 * From 0 to 1, as good as evenly: FNV-1a with MurmurHash3's last step. Nearly all messages are only asked this: with a
 * digest instead, 1 % of messages traced cost a command 18 µs instead of 2 (`test/trace.bench.ts`, on a busy machine).
 */
function lotOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
