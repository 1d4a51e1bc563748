/**
 * What keeps the log short. What every shard has applied is removed for all at once, by the one worker that has the first shard:
 * for each shard by itself the server looks at the messages of all, and takes no others meanwhile.
 *
 * A shard to which nobody says anything stays at its last message, which has to be there (L6), and with it all that came after.
 * So it is sent an empty one. The log is kept short in time too, for where its end was lost it is read from its beginning, and what was
 * refused long ago would be decided anew.
 */
import type { Bus, LogStream } from "@rookery/bus";
import { type CommandBatch, encodeInternal, subjects } from "@rookery/protocol";
import { type Log, sparsely } from "@rookery/runtime";
import { listPositions, type ShardPosition, type Store } from "@rookery/store";

/** Between trims: what is removed at once is what was said in so long, and keeps the log for about a millisecond a thousand. */
const everyMs = 2_000;
/** Positions read so long ago may be those of another log. */
const knownMsMax = 1_000;
/** In a log whose first message is older, or that is so full, who is behind is sent an empty message. */
const ageMsMaxDefault = 60_000;
const crowdedShare = 0.25;
/**
 * In so full a one each shard is trimmed by itself, so often: one of them does not get on, and must not stop all others (L7).
 */
const fullShare = 0.5;
const aloneEveryMs = 10_000;
/** What failed is told so often, however much it is. */
const complainEveryMs = 10_000;
/** What a log without a bound is measured by. */
const bytesMaxDefault = 4 * 1024 ** 3;

export interface LogTrimParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly log: Log;
  /** The log as it was last opened. */
  readonly stream: () => LogStream;
  /** Whether this is the one worker that does it. Two at once do no harm. */
  readonly isOurs: () => boolean;
  /** For tests; 60 s. */
  readonly ageMsMax?: number;
}

/** Begins to trim every 2 s; what fails is warned of and tried with the next turn. */
export function startLogTrim(parts: LogTrimParts): { close(): void } {
  const turn = openLogTrim(parts);
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning || !parts.isOurs()) return;
    isRunning = true;
    void turn().finally(() => {
      isRunning = false;
    });
  }, everyMs);
  return { close: () => clearInterval(timer) };
}

/** One turn, for tests by itself. Never rejects: what fails is warned of, and stops nothing else. */
export function openLogTrim(parts: LogTrimParts): () => Promise<void> {
  const { bus, store, log, ageMsMax = ageMsMaxDefault } = parts;
  let lastError = "";
  const complain = sparsely(complainEveryMs, (count) =>
    log.warn({ err: lastError, count }, "the log could not be trimmed"),
  );
  const attempt = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      lastError = String(error);
      complain();
    });
  let aloneMs = Number.NEGATIVE_INFINITY;

  const trimAlone = async (stream: LogStream, positions: readonly ShardPosition[]): Promise<void> => {
    for (const { id, appliedSeq } of positions) {
      const { identity } = await stream.state();
      if (identity !== stream.identity) return;
      await stream.trim({ subject: subjects.commands(id), belowSeq: appliedSeq });
    }
  };

  const sendEmpty = async ({ id, appliedSeq }: ShardPosition): Promise<void> => {
    const bytes = encodeInternal({ edge: null, commands: [] } satisfies CommandBatch);
    // By this name the server takes one in half a minute while the shard stays where it is.
    await bus.append(subjects.commands(id), bytes, { msgId: `behind.${id}.${appliedSeq}` });
  };

  const turn = async (): Promise<void> => {
    const stream = parts.stream();
    const startedMs = performance.now();
    const positions = await listPositions(store, stream.identity);
    const [least] = positions.toSorted((one, other) => one.appliedSeq - other.appliedSeq);
    if (least === undefined) return;
    const most = Math.max(...positions.map(({ appliedSeq }) => appliedSeq));
    // A log that ends before a position, or has another message at one, is not what it was, and what is in it may be new. Looked at
    // is the least, for nothing above it goes.
    const { appliedSeq: seq, appliedMs: timeMs, appliedMsgId } = least;
    const mark = timeMs === null ? undefined : { seq, timeMs, msgId: appliedMsgId ?? undefined };
    if ((await stream.check({ seq: most, mark: seq === 0 ? undefined : mark })) !== null) return;
    const state = await stream.state();
    if (state.identity !== stream.identity || performance.now() - startedMs > knownMsMax) return;
    // The message at an offset stays: it is what recognises the log (L6).
    if (seq > state.firstSeq) await attempt(stream.trim({ belowSeq: seq }));
    const fullness = state.bytes / (state.bytesMax > 0 ? state.bytesMax : bytesMaxDefault);
    if (fullness > fullShare && performance.now() - aloneMs > aloneEveryMs) {
      aloneMs = performance.now();
      const about = {
        shard: least.id,
        appliedSeq: seq,
        behind: most - seq,
        percent: Math.round(fullness * 100),
      };
      log.warn(about, "the log fills up: this shard is the furthest behind, and holds it back");
      await attempt(trimAlone(stream, positions));
    }
    if (state.ageMs <= ageMsMax && fullness <= crowdedShare) return;
    // The foremost is moved on by what the others are sent: closer than that they would never come to rest.
    const behind = positions.filter(({ appliedSeq }) => most - appliedSeq > 2 * positions.length);
    await Promise.all(behind.map((position) => attempt(sendEmpty(position))));
  };
  return () => attempt(turn());
}
