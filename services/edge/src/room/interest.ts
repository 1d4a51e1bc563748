/**
 * What this edge watches, told to the owners of the shards. Interest is state: changes go out once a tick, one
 * request a shard at a time, again until answered, and whole whenever the owner may know something else (L5).
 *
 * Shards are told in rounds: while the answers to one are awaited, what changes gathers for the next. So one socket waits for
 * nothing, and of thousands that come at once many share a message.
 */
import type { Bus } from "@rookery/bus";
import {
  actorOf,
  encodeInternal,
  type InterestKey,
  type InterestRef,
  type InterestReply,
  type InterestUpdate,
  interestHash,
  interestKey,
  parseInternal,
  type ShardId,
  shardOf,
  subjects,
} from "@rookery/protocol";

const answerMs = 1_000;
const retryMs = 100;
/** A round ends without the answers that are late: a shard that nobody owns must not hold up the others. */
const roundMsMax = 20;

interface ShardInterest {
  readonly watched: Set<InterestKey>;
  readonly add: Set<InterestKey>;
  readonly remove: Set<InterestKey>;
  /** Resolved when the owner has confirmed the key. */
  readonly waiting: Map<InterestKey, (() => void)[]>;
  whole: boolean;
  version: number;
  busy: boolean;
}

export interface InterestClient {
  /** Resolves when the owner knows and `onReply` has been told how things stand. */
  watch(ref: InterestRef): Promise<void>;
  unwatch(ref: InterestRef): void;
  /** A new owner: everything of the shard is said again. */
  repeat(shard: ShardId): void;
  /** The hash of what the owner believes; a difference makes us say everything again. */
  compare(shard: ShardId, hash: number): void;
  /** Nothing of the shard is on its way to its owner. */
  isQuiet(shard: ShardId): boolean;
  close(): void;
}

export function openInterest(parts: {
  readonly bus: Bus;
  readonly shards: number;
  readonly edge: string;
  /** @returns false when the answer is of an owner deposed before: then it is worth nothing, and the owner is asked again. */
  readonly onReply: (shard: ShardId, reply: InterestReply) => boolean;
}): InterestClient {
  const states = new Map<ShardId, ShardInterest>();
  /** Busy, and told in the next round. */
  const due = new Set<ShardId>();
  let telling = false;
  let closed = false;

  const stateOf = (shard: ShardId): ShardInterest => {
    let state = states.get(shard);
    if (state === undefined) {
      state = {
        watched: new Set(),
        add: new Set(),
        remove: new Set(),
        waiting: new Map(),
        // The first word to an owner is whole: it has no version of ours to build on.
        whole: true,
        version: 0,
        busy: false,
      };
      states.set(shard, state);
    }
    return state;
  };

  const schedule = (shard: ShardId, state: ShardInterest): void => {
    if (state.busy) return;
    state.busy = true;
    due.add(shard);
    begin();
  };

  const begin = (): void => {
    if (telling) return;
    telling = true;
    setImmediate(() => void tellRounds());
  };

  const tellRounds = async (): Promise<void> => {
    while (!closed && due.size > 0) {
      const round = [...due];
      due.clear();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, roundMsMax);
      });
      await Promise.race([Promise.all(round.map((shard) => tell(shard, stateOf(shard)))), late]);
      clearTimeout(timer);
    }
    telling = false;
  };

  /** Says once what there is to say; what remains, or has come meanwhile, is for a later round. */
  const tell = async (shard: ShardId, state: ShardInterest): Promise<void> => {
    const whole = state.whole;
    const add = whole ? [...state.watched] : [...state.add];
    const remove = whole ? [] : [...state.remove];
    state.whole = false;
    state.add.clear();
    state.remove.clear();
    state.version += 1;
    const update: InterestUpdate = { edge: parts.edge, version: state.version, whole, add, remove };
    let isTaken = false;
    try {
      const answer = await parts.bus.request(subjects.interest(shard), encodeInternal(update), {
        timeoutMs: answerMs,
      });
      isTaken = parts.onReply(shard, parseInternal<InterestReply>(answer));
    } catch {
      // Nobody owns the shard at the moment, or the word was lost.
    }
    if (isTaken) {
      confirm(state, add);
      conclude(shard, state);
    } else {
      state.whole = true;
      setTimeout(conclude, retryMs, shard, state);
    }
  };

  const conclude = (shard: ShardId, state: ShardInterest): void => {
    state.busy = state.whole || state.add.size > 0 || state.remove.size > 0;
    if (!state.busy || closed) return;
    due.add(shard);
    begin();
  };

  return {
    watch(ref) {
      const shard = shardOf(actorOf(ref).kind, ref.id, parts.shards);
      const state = stateOf(shard);
      const key = interestKey(ref);
      state.watched.add(key);
      state.remove.delete(key);
      state.add.add(key);
      schedule(shard, state);
      return new Promise((resolve) => {
        const waiting = state.waiting.get(key);
        if (waiting === undefined) state.waiting.set(key, [resolve]);
        else waiting.push(resolve);
      });
    },
    unwatch(ref) {
      const shard = shardOf(actorOf(ref).kind, ref.id, parts.shards);
      const state = stateOf(shard);
      const key = interestKey(ref);
      state.watched.delete(key);
      state.add.delete(key);
      state.remove.add(key);
      // Whoever still waits for it is gone, and is not kept waiting for ever.
      confirm(state, [key]);
      schedule(shard, state);
    },
    repeat(shard) {
      const state = states.get(shard);
      if (state === undefined) return;
      state.whole = true;
      schedule(shard, state);
    },
    compare(shard, hash) {
      const state = stateOf(shard);
      if (state.busy || interestHash(state.watched) === hash) return;
      state.whole = true;
      schedule(shard, state);
    },
    isQuiet: (shard) => states.get(shard)?.busy !== true,
    close() {
      closed = true;
    },
  };
}

function confirm(state: ShardInterest, keys: readonly InterestKey[]): void {
  for (const key of keys) {
    const waiting = state.waiting.get(key) ?? [];
    state.waiting.delete(key);
    for (const resolve of waiting) resolve();
  }
}
