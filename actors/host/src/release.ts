/** The output gate's far side: what has been committed goes to the edges, one message each (L1). */
import {
  type ActorKey,
  actorKey,
  encodeInternal,
  type Event,
  type Head,
  type Job,
  type JobBatch,
  jsonSize,
  type Message,
  type Reply,
  type ShardId,
  type ShardRelease,
  shardOf,
  subjects,
} from "@rookery/protocol";
import type { Bus, Liveness } from "@rookery/bus";
import type { Position } from "./definition.ts";
import { portions } from "./portion.ts";
import type { Plan, ShardPlan } from "./plan.ts";
import type { Shard } from "./shard.ts";

/** Of one message on the bus; a release beyond it is cut in several. */
const messageBytesMax = 512 * 1024;
/** In one message: jobs, and about their bytes; bodies of webhooks are text in text, and so escaped twice at worst. */
const jobsMax = { items: 30, bytes: 192 * 1024 };
/** Heads and hashes are repeated so often (L5). */
export const healMs = 5_000;
/** An actor's head is repeated for so long after its last event. */
const recentMs = 3 * healMs;

/** Tells the owners of the job shards what has been committed for them (ARCHITECTURE §6). Lost word costs them a look. */
export function sendJobs(bus: Pick<Bus, "publish">, shards: number, jobs: readonly Job[]): void {
  const byShard = new Map<ShardId, Job[]>();
  for (const job of jobs) {
    const shard = shardOf(job.owner.kind, job.owner.id, shards);
    const others = byShard.get(shard);
    if (others === undefined) byShard.set(shard, [job]);
    else others.push(job);
  }
  for (const [shard, each] of byShard) {
    for (const jobs of portions(each, jobsMax, jsonSize))
      bus.publish(subjects.jobs(shard), encodeInternal({ jobs } satisfies JobBatch));
  }
}

export interface Releaser {
  release(plan: Plan): void;
  /** Repeats the heads of recently active actors, and the hash of what each edge watches. */
  heal(shards: Iterable<Shard>): void;
}

export function openReleaser(parts: {
  readonly bus: Bus;
  readonly liveness: Liveness;
  readonly worker: string;
}): Releaser {
  const { bus, liveness, worker } = parts;

  const send = (edge: string, releases: ShardRelease[]): void => {
    for (const shards of cut(releases)) {
      bus.publish(subjects.edge(edge), encodeInternal({ worker, shards }));
    }
  };

  return {
    release(plan) {
      const liveEdges = liveness.live("edge") ?? [];
      const outbox = new Map<string, ShardRelease[]>();
      for (const shardPlan of plan.shards) {
        for (const [edge, release] of address(shardPlan, liveEdges)) {
          const releases = outbox.get(edge);
          if (releases === undefined) outbox.set(edge, [release]);
          else releases.push(release);
        }
      }
      for (const [edge, releases] of outbox) send(edge, releases);
    },
    heal(shards) {
      const outbox = new Map<string, ShardRelease[]>();
      const since = performance.now() - recentMs;
      const liveEdges = liveness.live("edge") ?? [];
      for (const shard of shards) {
        for (const [key, { atMs }] of shard.recent) if (atMs < since) shard.recent.delete(key);
        // Also those that have said nothing: they may have missed that the shard is ours.
        for (const edge of new Set([...liveEdges, ...shard.interest.edges()])) {
          const releases = outbox.get(edge) ?? [];
          outbox.set(edge, releases);
          releases.push({
            ...emptyRelease(shard),
            heads: recentHeads(shard, edge),
            interest: shard.interest.hashOf(edge),
          });
        }
      }
      for (const [edge, releases] of outbox) send(edge, releases);
    },
  };
}

interface Draft {
  readonly replies: (readonly [ref: number, reply: Reply])[];
  readonly events: Event[];
}

/** Replies go to who asked, events to who watches, or to everybody while a new owner does not yet know. */
function address(plan: ShardPlan, liveEdges: readonly string[]): Map<string, ShardRelease> {
  const { shard } = plan;
  const drafts = new Map<string, Draft>();
  const draft = (edge: string): Draft => {
    let found = drafts.get(edge);
    if (found === undefined) drafts.set(edge, (found = { replies: [], events: [] }));
    return found;
  };
  const flooding = performance.now() < shard.floodUntilMs && !liveEdges.every((e) => shard.interest.knows(e));
  for (const { edge, ref, reply } of plan.replies) draft(edge).replies.push([ref, reply]);
  for (const event of plan.events) {
    const key = subjectOf(event);
    const position = plan.touched.get(key)?.position;
    if (position !== undefined) shard.recent.set(key, { atMs: performance.now(), position });
    for (const edge of flooding ? liveEdges : shard.interest.watchersOf(key)) draft(edge).events.push(event);
  }
  return new Map([...drafts].map(([edge, parts]) => [edge, { ...emptyRelease(shard), ...parts }]));
}

function subjectOf(event: Event): ActorKey {
  return event.kind === "feed"
    ? actorKey({ kind: "user", id: event.userId })
    : actorKey({ kind: "chat", id: event.chatId });
}

export function headOf(key: ActorKey, { seq, rev, receiptRev }: Position): Head {
  return [key, seq, rev, receiptRev];
}

function recentHeads(shard: Shard, edge: string): Head[] {
  const heads: Head[] = [];
  for (const [key, { position }] of shard.recent) {
    if (![...shard.interest.watchersOf(key)].includes(edge)) continue;
    heads.push(headOf(key, position));
  }
  return heads;
}

function emptyRelease(shard: Shard): ShardRelease {
  return { shard: shard.id, epoch: shard.epoch, replies: [], events: [], heads: [] };
}

/** Releases in messages of bounded size; a large shard's events are spread over several, in order. */
function* cut(releases: readonly ShardRelease[]): Generator<ShardRelease[]> {
  let part: ShardRelease[] = [];
  let bytes = 0;
  for (const release of releases) {
    const size = sizeOf(release);
    if (bytes > 0 && bytes + size > messageBytesMax) {
      yield part;
      part = [];
      bytes = 0;
    }
    if (size <= messageBytesMax) {
      part.push(release);
      bytes += size;
      continue;
    }
    const alone = { items: Number.POSITIVE_INFINITY, bytes: messageBytesMax };
    for (const events of portions(release.events, alone, eventSize)) {
      yield [{ ...release, replies: [], heads: [], events }];
    }
    const rest = { ...release, events: [] };
    part.push(rest);
    bytes += sizeOf(rest);
  }
  if (part.length > 0) yield part;
}

/** About how many bytes a release takes: what is in its events counts, the rest is small and fixed. */
function sizeOf(release: ShardRelease): number {
  let bytes = 64 + release.replies.length * 96 + release.heads.length * 32;
  for (const event of release.events) bytes += eventSize(event);
  return bytes;
}

function eventSize(event: Event): number {
  switch (event.kind) {
    case "message":
      return 512 + contentSize(event.message);
    case "change":
      return 512 + jsonSize(event.frame);
    case "receipts":
      return 512 + event.marks.length * 64;
    case "feed":
      return 512;
  }
}

/** Of most messages it is their body. Whatever else has no fixed size counts too: links alone may be twelve times as much. */
function contentSize(message: Message): number {
  const { body, entities, attachments, poll, keyboard, contact, service } = message;
  let bytes = body.length * 3;
  if (entities.length > 0) bytes += jsonSize(entities);
  if (attachments.length > 0) bytes += jsonSize(attachments);
  for (const part of [poll, keyboard, contact, service]) if (part !== undefined) bytes += jsonSize(part);
  return bytes;
}
