/**
 * What keeps the log short. What every shard has applied is removed for all at once, by the one worker that has the first shard:
 * for each shard by itself the server looks at the messages of all, and takes no others meanwhile.
 *
 * A shard to which nobody says anything stays at its last message, which has to be there (L6), and with it all that came after.
 * So it is sent an empty one when it has fallen far behind.
 */
import type { Bus, LogStream } from "@rookery/bus";
import { type CommandBatch, encodeInternal, type ShardId, subjects } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { listPositions, type Store } from "@rookery/store";

/** Between trims: what is removed at once is what was said in so long, and keeps the log for about a millisecond a thousand. */
const everyMs = 2_000;
/** A shard this many messages behind the foremost is sent an empty one. */
const behindMaxDefault = 50_000;
/** In so full a log every shard behind the foremost is; */
const crowdedShare = 0.25;
/** and in so full a one each shard is trimmed by itself: one of them does not get on, and must not stop all others (L7). */
const fullShare = 0.5;

export interface LogTrimParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly log: Log;
  /** The log as it was last opened. */
  readonly stream: () => LogStream;
  /** Whether this is the one worker that does it. Two at once do no harm. */
  readonly isOurs: () => boolean;
  /** 50,000. */
  readonly behindMax?: number;
}

/** Begins to trim; what fails is warned of and tried with the next turn. */
export function startLogTrim(parts: LogTrimParts): { close(): void } {
  const { log } = parts;
  const trimmed = new Map<ShardId, number>();
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning || !parts.isOurs()) return;
    isRunning = true;
    trimLog(parts, trimmed)
      .catch((error: unknown) => log.warn({ err: String(error) }, "the log could not be trimmed"))
      .finally(() => {
        isRunning = false;
      });
  }, everyMs);
  return { close: () => clearInterval(timer) };
}

/**
 * One turn.
 * @param trimmed up to where each shard was trimmed by itself
 * @throws BusOutage, LogMissing, LogFull; what Postgres throws
 */
export async function trimLog(parts: LogTrimParts, trimmed: Map<ShardId, number>): Promise<void> {
  const { bus, store, behindMax = behindMaxDefault } = parts;
  const stream = parts.stream();
  const positions = await listPositions(store, stream.identity);
  const least = Math.min(...positions.map(({ appliedSeq }) => appliedSeq));
  const most = Math.max(...positions.map(({ appliedSeq }) => appliedSeq));
  // Read after the positions: a log that ends before one of them is not what it was, and what is in it may be new.
  const state = await stream.state();
  if (state.identity !== stream.identity || state.lastSeq < most) return;
  // The message at an offset stays: it is what recognises the log (L6).
  if (least > state.firstSeq) await stream.trim({ belowSeq: least });
  const fullness = state.bytes / state.bytesMax;
  const behind = fullness > crowdedShare ? 0 : behindMax;
  for (const { id, appliedSeq } of positions) {
    if (most - appliedSeq > behind) {
      const bytes = encodeInternal({ edge: null, commands: [] } satisfies CommandBatch);
      // By this name the server takes it once while the shard stays where it is.
      await bus.append(subjects.commands(id), bytes, { msgId: `behind.${id}.${appliedSeq}` });
    }
    if (fullness > fullShare && appliedSeq > (trimmed.get(id) ?? 0)) {
      await stream.trim({ subject: subjects.commands(id), belowSeq: appliedSeq });
      trimmed.set(id, appliedSeq);
    }
  }
}
