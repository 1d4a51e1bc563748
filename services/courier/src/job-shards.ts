/**
 * Keeps the job shards of this courier, for every part of it that does their work (sends, answers, polls, broadcasts, …):
 *
 *   claimed ─▶ held: its jobs are heard, what is open is looked for ─▶ leaving: nothing new is begun ─▶ drained
 *
 * Word of a job may be lost, so each part also looks at what is open: when a shard has come, and from time to time. What a part
 * writes goes under the fences of its shards (L2); those stay until a shard is drained, so that what is under way can be written.
 */
import type { Bus, Subscription } from "@rookery/bus";
import type { ShardOwnership } from "@rookery/host";
import { type Job, type JobBatch, parseInternal, type ShardId, subjects } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { JobFence } from "@rookery/store";

export type JobOf<Kind extends Job["kind"]> = Extract<Job, { readonly kind: Kind }>["job"];

/** What does one sort of work for all shards held. */
export interface JobPart<Kind extends Job["kind"]> {
  /** What it looks for, in words for a log: "open sends". */
  readonly of: string;
  /** Jobs of one kind, as soon as they are committed. What it throws is logged; looking makes up for it. */
  readonly hears?: {
    readonly kind: Kind;
    readonly hear: (jobs: readonly JobOf<Kind>[], shard: ShardId) => void | Promise<void>;
  };
  /** Between the end of a look and the next. */
  readonly lookMs: number;
  /** Reads what is open of the shards held. Never two at once; what it throws is logged. */
  readonly look: () => Promise<void>;
  /** A shard is being given back, or lost: resolves when nothing of it is in flight. */
  readonly drain?: (shard: ShardId) => Promise<void>;
}

/** What a part has of them. */
export interface PartShards {
  /** Whether it is ours to begin something for. */
  readonly holds: (shard: ShardId) => boolean;
  /** Any at all? */
  readonly some: boolean;
  /** Ended when the shard goes, or the part closes; ended already for one that is not held. */
  readonly signalOf: (shard: ShardId) => AbortSignal;
  readonly fencesOf: (shards: Iterable<ShardId>) => JobFence[];
  /** Now, or once more after the look under way. */
  readonly look: () => void;
  /** Nothing more is begun, heard or looked for; resolves when no look is under way. */
  readonly close: () => Promise<void>;
}

export interface JobShards {
  holds(shard: ShardId): boolean;
  /** The part looks at once. */
  join<Kind extends Job["kind"] = never>(part: JobPart<Kind>): PartShards;
  /** For `startOwnership`. */
  claimed(shard: ShardId): void;
  drain(shard: ShardId): Promise<void>;
}

interface Member {
  readonly hear: (batch: JobBatch, shard: ShardId) => void;
  readonly look: () => void;
  /** Ends what is under way for it. */
  readonly stop: (shard: ShardId) => void;
  /** Resolves when it has nothing of the shard in flight. */
  readonly drain: (shard: ShardId) => Promise<void>;
}

export function openJobShards(parts: {
  readonly bus: Pick<Bus, "subscribe">;
  readonly ownership: Pick<ShardOwnership, "held">;
  readonly log: Log;
}): JobShards {
  const { ownership, log } = parts;
  const wakes = new Map<ShardId, Subscription>();
  const members = new Set<Member>();

  const holds = (shard: ShardId): boolean => ownership.held.has(shard) && wakes.has(shard);

  const letGo = (shard: ShardId): void => {
    wakes.get(shard)?.close();
    wakes.delete(shard);
    for (const member of members) member.stop(shard);
  };

  return {
    holds,
    join(part) {
      const leave = (): void => void members.delete(member);
      const member = openMember(part, { holds, held: ownership.held, leave, log });
      members.add(member);
      member.look();
      return member.shards;
    },
    claimed(shard) {
      letGo(shard);
      const wake = parts.bus.subscribe(subjects.jobs(shard), ({ bytes }) => {
        const batch = parseInternal<JobBatch>(bytes);
        for (const member of members) member.hear(batch, shard);
      });
      wakes.set(shard, wake);
      for (const member of members) member.look();
    },
    async drain(shard) {
      letGo(shard);
      await Promise.all([...members].map((member) => member.drain(shard)));
    },
  };
}

function openMember<Kind extends Job["kind"]>(
  part: JobPart<Kind>,
  kept: {
    readonly holds: (shard: ShardId) => boolean;
    readonly held: ReadonlyMap<ShardId, number>;
    readonly leave: () => void;
    readonly log: Log;
  },
): Member & { readonly shards: PartShards } {
  const { hears } = part;
  const { held, log } = kept;
  const stops = new Map<ShardId, AbortController>();
  let closed = false;
  let looking: Promise<void> | null = null;
  let lookAgain = false;
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    if (closed) return;
    lookAgain = looking !== null;
    if (lookAgain) return;
    clearTimeout(timer);
    // Not before `join` has returned.
    looking = Promise.resolve()
      .then(part.look)
      .catch((error: unknown) => log.warn({ err: String(error) }, `${part.of} could not be looked at`))
      .finally(() => {
        looking = null;
        if (lookAgain) look();
        else if (!closed) timer = setTimeout(look, part.lookMs);
      });
  };

  const holds = (shard: ShardId): boolean => !closed && kept.holds(shard);

  const stop = (shard: ShardId): void => {
    stops.get(shard)?.abort();
    stops.delete(shard);
  };

  const signalOf = (shard: ShardId): AbortSignal => {
    if (!holds(shard)) return AbortSignal.abort();
    const controller = stops.get(shard) ?? new AbortController();
    stops.set(shard, controller);
    return controller.signal;
  };

  const hear = async ({ jobs }: JobBatch, shard: ShardId): Promise<void> => {
    if (hears === undefined) return;
    const its = jobs.flatMap(({ kind, job }) => (kind === hears.kind ? [job as JobOf<Kind>] : []));
    if (its.length > 0) await hears.hear(its, shard);
  };

  return {
    look,
    stop,
    hear: (batch, shard) => {
      hear(batch, shard).catch((error: unknown) => {
        log.warn({ err: String(error), shard }, `word of ${part.of} could not be followed`);
      });
    },
    // A look that began while the shard was ours may be writing for it.
    drain: async (shard) => void (await Promise.all([part.drain?.(shard), looking])),
    shards: {
      holds,
      get some() {
        return held.size > 0;
      },
      signalOf,
      fencesOf: (shards) =>
        [...new Set(shards)].flatMap((shard) => {
          const epoch = held.get(shard);
          return epoch === undefined ? [] : [{ shard, epoch }];
        }),
      look,
      async close() {
        closed = true;
        clearTimeout(timer);
        for (const shard of stops.keys()) stop(shard);
        kept.leave();
        await looking;
      },
    },
  };
}
