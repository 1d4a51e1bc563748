/** Hosts the presence of the users of our shards: hears it of the edges, tells those that watch, notes who was there. */
import type { Bus, Subscription } from "@rookery/bus";
import type { Attend, AttendedShard } from "@rookery/host";
import {
  actorOf,
  type EdgeBatch,
  encodeInternal,
  interestKey,
  parseInterestKey,
  parseInternal,
  type PresenceNote,
  type PresenceQuery,
  type PresenceReply,
  presenceHash,
  type ShardId,
  type ShardRelease,
  subjects,
  type UserId,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import { PresenceBoard, type Sighting } from "@rookery/user";
import { openSeenWriter } from "./seen-writer.ts";

/** Changes of so long are told together: a storm of reconnects is a few messages an edge, not one a user. */
export const tickMs = 50;
/** Whoever has been gone long enough is told of so exactly. */
const expireMs = 500;
/** What each edge was told is compared so often (L5). */
const healMs = 5_000;
/** Who is there for long is noted again, at most so late. */
const noteMs = 60_000;
/** Of one message on the bus, about 40 bytes each. */
const notesMax = 5_000;

interface Attended {
  readonly shard: AttendedShard;
  readonly board: PresenceBoard;
  /** Users of whom edges have said something since the last look. */
  readonly dirty: Set<UserId>;
  readonly queries: Subscription;
}

export interface PresenceHost {
  readonly attend: Attend;
  close(): Promise<void>;
}

export function openPresence(parts: {
  readonly bus: Bus;
  readonly store: Store;
  readonly worker: string;
  readonly log: Log;
  readonly now: () => number;
}): PresenceHost {
  const { bus, now } = parts;
  const attended = new Map<ShardId, Attended>();
  const seen = openSeenWriter(parts);
  /** By edge, what it is told at the end of this tick. */
  const outbox = new Map<string, { readonly releases: ShardRelease[]; notes: number }>();

  const put = (edge: string, { id, epoch }: AttendedShard, rest: Partial<ShardRelease>): void => {
    let box = outbox.get(edge);
    if (box === undefined) outbox.set(edge, (box = { releases: [], notes: 0 }));
    box.releases.push({ shard: id, epoch, replies: [], events: [], heads: [], ...rest });
    box.notes += rest.presences?.length ?? 1;
    if (box.notes >= notesMax) send(edge);
  };

  const send = (edge: string): void => {
    const shards = outbox.get(edge)?.releases ?? [];
    outbox.delete(edge);
    bus.publish(subjects.edge(edge), encodeInternal({ worker: parts.worker, shards } satisfies EdgeBatch));
  };

  const flush = (): void => {
    for (const edge of outbox.keys()) send(edge);
  };

  const tell = (shard: AttendedShard, notes: readonly PresenceNote[]): void => {
    const byEdge = new Map<string, PresenceNote[]>();
    for (const note of notes) {
      const [userId, , lastSeenMs] = note;
      if (lastSeenMs !== null) seen.note(userId, lastSeenMs);
      for (const edge of shard.interest.watchersOf(interestKey({ kind: "presence", id: userId }))) {
        const told = byEdge.get(edge);
        if (told === undefined) byEdge.set(edge, [note]);
        else told.push(note);
      }
    }
    for (const [edge, told] of byEdge) {
      for (let from = 0; from < told.length; from += notesMax) {
        put(edge, shard, { presences: told.slice(from, from + notesMax) });
      }
    }
  };

  const look = ({ shard, board, dirty }: Attended): void => {
    const nowMs = now();
    const notes: PresenceNote[] = [];
    for (const userId of dirty) {
      const note = board.see(userId, sight(shard, userId), nowMs);
      if (note !== null) notes.push(note);
    }
    dirty.clear();
    notes.push(...board.expire(nowMs));
    if (notes.length > 0) tell(shard, notes);
  };

  const heal = (): void => {
    for (const { shard, board } of attended.values()) {
      if (!board.settled) continue;
      const byEdge = new Map<string, (readonly [UserId, PresenceNote[1]])[]>();
      for (const each of board.watched()) {
        for (const edge of shard.interest.watchersOf(interestKey({ kind: "presence", id: each[0] }))) {
          const told = byEdge.get(edge);
          if (told === undefined) byEdge.set(edge, [each]);
          else told.push(each);
        }
      }
      for (const [edge, told] of byEdge) put(edge, shard, { presence: presenceHash(told) });
    }
    flush();
  };

  const lookAtAll = (): void => {
    for (const each of attended.values()) look(each);
    flush();
  };

  /** Under way while there is something to tell: a timer that only looks would wake every worker twenty times a second. */
  let tick: NodeJS.Timeout | undefined;
  const lookSoon = (): void => {
    tick ??= setTimeout(() => {
      tick = undefined;
      lookAtAll();
    }, tickMs);
  };

  const timers = [
    setInterval(lookAtAll, expireMs),
    setInterval(heal, healMs),
    setInterval(() => {
      const nowMs = now();
      for (const { board } of attended.values()) {
        for (const userId of board.note(nowMs)) seen.note(userId, nowMs);
      }
    }, noteMs),
  ];

  return {
    attend(shard) {
      const board = new PresenceBoard(now());
      const notesOf = (userIds: readonly UserId[]): PresenceNote[] =>
        userIds.flatMap((userId) => {
          const note = board.noteOf(userId, now());
          return note === null ? [] : [note];
        });
      const queries = bus.subscribe(subjects.presence(shard.id), (message) => {
        const { userIds } = parseInternal<PresenceQuery>(message.bytes);
        look(each);
        message.respond(
          encodeInternal({ epoch: shard.epoch, presences: notesOf(userIds) } satisfies PresenceReply),
        );
      });
      const each: Attended = { shard, board, dirty: new Set(), queries };
      attended.set(shard.id, each);
      return {
        changed(key) {
          const { kind, id } = parseInterestKey(key);
          if (actorOf({ kind, id }).kind !== "user") return;
          each.dirty.add(id);
          lookSoon();
        },
        answer(added) {
          const userIds = added.flatMap((key) => {
            const { kind, id } = parseInterestKey(key);
            return kind === "presence" ? [id] : [];
          });
          if (userIds.length === 0) return {};
          // What was said before this answer is told before it.
          look(each);
          flush();
          return { presences: notesOf(userIds) };
        },
        close() {
          queries.close();
          if (attended.get(shard.id) === each) attended.delete(shard.id);
          for (const [userId, sinceMs] of board.leaving()) seen.note(userId, sinceMs);
        },
      };
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(tick);
      await seen.close();
    },
  };
}

/** What the edges say of a user, taken together: away only where all that have them say so. */
function sight({ interest }: AttendedShard, userId: UserId): Sighting {
  const watched = interest.isWatched(interestKey({ kind: "presence", id: userId }));
  const here = [...interest.watchersOf(interestKey({ kind: "user", id: userId }))];
  if (here.length === 0) return { word: "gone", watched };
  const away = new Set(interest.watchersOf(interestKey({ kind: "away", id: userId })));
  return { word: here.every((edge) => away.has(edge)) ? "away" : "online", watched };
}
