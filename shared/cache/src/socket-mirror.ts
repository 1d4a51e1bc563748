/**
 * Who is connected where, for readers: devices of a user, the operator's view. Nothing else depends on it, and it comes
 * back by itself when Redis was emptied (L10).
 *
 * `rookery:edges` knows each edge and until when it has spoken; `rookery:sockets:<user>:<edge>` is a user's sockets there,
 * in a key that ends with its edge, so that nothing is left of one that died.
 */
import type { UserId } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Cache } from "./cache.ts";

export interface MirroredSocket {
  readonly userId: UserId;
  readonly connId: string;
  readonly edge: string;
  readonly device: string | null;
  /** Unix ms. */
  readonly sinceMs: number;
  readonly status: "online" | "away";
  /** The API key that opened it, if one has. */
  readonly keyId: number | null;
}

const edgesKey = "rookery:edges";
const socketsPrefix = "rookery:sockets:";
/** Changes of so long are written together. */
const flushMs = 100;
/** An edge says so often that it lives, and looks whether it is still known. */
const lookMs = 1_000;
/** An edge that has not spoken for so long is gone, and its sockets with it. */
const edgeLifeMs = 90_000;
/**
 * Everything is written again in the course of so long, a part each second, in case Redis has lost some of it unnoticed: all at
 * once it is a pause, and ten times as often it was a third of what an edge of 10,000 sockets allocates at 1,000 messages a second.
 */
const rewriteMs = 300_000;
/** What is not written again ends after so long: three rewrites. */
const lifeMs = 900_000;
/** Changes, or users, of one round trip. */
const changesMax = 1_000;
const usersMax = 100;
/** Gone while Redis was away, and to be taken out; beyond it what is left there ends by itself. */
const goneMax = 100_000;
/** Keys looked at by one step of a scan. */
const scanCount = 500;

interface Change {
  readonly userId: UserId;
  /** Null: it has gone. */
  readonly socket: MirroredSocket | null;
}

export interface SocketMirror {
  /** A socket has come, or changed. */
  put(socket: MirroredSocket): void;
  drop(socket: Pick<MirroredSocket, "userId" | "connId">): void;
  close(): Promise<void>;
}

/** Starts to mirror the sockets of one edge: `users` tells who has any, `socketsOf` those of one. */
export function openSocketMirror(parts: {
  readonly cache: Cache;
  readonly edge: string;
  readonly users: { readonly size: number; ids(): Iterator<UserId> };
  readonly socketsOf: (userId: UserId) => Iterable<MirroredSocket>;
  readonly now: () => number;
  readonly log: Log;
}): SocketMirror {
  const { cache, edge, users, now, log } = parts;
  let changes = new Map<string, Change>();
  let writing: Promise<void> | null = null;
  /** Redis may know something else: everything is written again at once. */
  let isWhole = true;
  /** We have said once that we live. */
  let isKnown = false;
  /** Where the walk through the users is. Of a map: its turns go on while members come and go. */
  let turns = users.ids();
  let walkedMs = now();

  const write = async (): Promise<void> => {
    if (!cache.ready) {
      // Who comes is written with the whole when Redis is back.
      for (const [connId, { socket }] of changes) {
        if (socket !== null || changes.size > goneMax) changes.delete(connId);
      }
      isWhole = true;
      return;
    }
    const batch = [...changes];
    changes = new Map();
    try {
      for (const part of portions(batch)) await writeChanges(part);
      const walkMs = now() - walkedMs;
      if (!isWhole && walkMs < lookMs) return;
      const count = isWhole ? users.size : Math.ceil((users.size * Math.min(walkMs, rewriteMs)) / rewriteMs);
      isWhole = false;
      walkedMs = now();
      await rewrite(count);
    } catch (error) {
      isWhole = true;
      for (const [connId, change] of batch) {
        if (change.socket === null && !changes.has(connId)) changes.set(connId, change);
      }
      log.debug({ err: error }, "the sockets could not be mirrored");
    }
  };

  /** The next so many users, each as they are now: who goes meanwhile is taken out by the next write. */
  const rewrite = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= usersMax) {
      const step = cache.redis.multi();
      for (const userId of take(Math.min(left, usersMax))) {
        const sockets = fieldsOf(parts.socketsOf(userId));
        const key = keyOf(userId, edge);
        // In one step: what should have been taken out is gone too.
        step.del(key);
        if (Object.keys(sockets).length > 0) step.hset(key, sockets).pexpire(key, lifeMs);
      }
      check(await step.exec());
    }
  };

  /** From the first again after the last. */
  function* take(count: number): Generator<UserId> {
    for (let taken = 0; taken < count; taken++) {
      let next = turns.next();
      if (next.done === true) {
        turns = users.ids();
        next = turns.next();
      }
      if (next.done === true) return;
      yield next.value;
    }
  }

  const writeChanges = async (batch: readonly (readonly [string, Change])[]): Promise<void> => {
    const pipeline = cache.redis.pipeline();
    for (const [connId, { userId, socket }] of batch) {
      const key = keyOf(userId, edge);
      if (socket === null) pipeline.hdel(key, connId);
      else pipeline.hset(key, connId, JSON.stringify(socket)).pexpire(key, lifeMs);
    }
    check(await pipeline.exec());
  };

  const look = async (): Promise<void> => {
    try {
      const added = await cache.redis.zadd(edgesKey, now() + edgeLifeMs, edge);
      await cache.redis.zremrangebyscore(edgesKey, 0, now());
      if (added === 1 && isKnown) isWhole = true;
      isKnown = true;
    } catch (error) {
      isWhole = true;
      log.debug({ err: error }, "the mirror of the sockets could not be looked at");
    }
  };

  const flush = (): void => {
    if (writing !== null || (changes.size === 0 && !isWhole && now() - walkedMs < lookMs)) return;
    writing = write().finally(() => {
      writing = null;
      if (changes.size > 0) flushSoon();
    });
  };
  /** Under way while there is something to write. */
  let flushing: NodeJS.Timeout | undefined;
  const flushSoon = (): void => {
    flushing ??= setTimeout(() => {
      flushing = undefined;
      flush();
    }, flushMs);
  };
  const change = (connId: string, is: Change): void => {
    changes.set(connId, is);
    flushSoon();
  };
  const timer = setInterval(() => {
    void look();
    flush();
  }, lookMs);
  void look();
  flushSoon();

  return {
    put: (socket) => change(socket.connId, { userId: socket.userId, socket }),
    drop: ({ connId, userId }) => change(connId, { userId, socket: null }),
    async close() {
      clearInterval(timer);
      clearTimeout(flushing);
      await writing;
      await write();
      await cache.redis.zrem(edgesKey, edge).catch(() => {});
    },
  };
}

/** A user's sockets on all edges, the oldest first. @throws when Redis is away */
export async function socketsOf({ redis }: Cache, userId: UserId, nowMs: number): Promise<MirroredSocket[]> {
  const edges = await redis.zrangebyscore(edgesKey, nowMs, "+inf");
  return await readKeys(
    redis,
    edges.map((edge) => keyOf(userId, edge)),
  );
}

/** Every socket of the cluster, in no order, up to `max`. @throws when Redis is away */
export async function allSockets({ redis }: Cache, max: number, nowMs: number): Promise<MirroredSocket[]> {
  const edges = new Set(await redis.zrangebyscore(edgesKey, nowMs, "+inf"));
  const sockets: MirroredSocket[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", `${socketsPrefix}*`, "COUNT", scanCount);
    cursor = next;
    sockets.push(...(await readKeys(redis, keys)).filter(({ edge }) => edges.has(edge)));
  } while (cursor !== "0" && sockets.length < max);
  return sockets.slice(0, max);
}

async function readKeys(redis: Cache["redis"], keys: readonly string[]): Promise<MirroredSocket[]> {
  if (keys.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const key of keys) pipeline.hvals(key);
  const texts = check(await pipeline.exec()).flat() as string[];
  return texts
    .map((text) => JSON.parse(text) as MirroredSocket)
    .toSorted((one, other) => one.sinceMs - other.sinceMs);
}

function keyOf(userId: UserId, edge: string): string {
  return `${socketsPrefix}${userId}:${edge}`;
}

/** Sockets as the fields of a hash. */
function fieldsOf(sockets: Iterable<MirroredSocket>): Record<string, string> {
  return Object.fromEntries([...sockets].map((socket) => [socket.connId, JSON.stringify(socket)]));
}

function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += changesMax) yield items.slice(from, from + changesMax);
}

/** @throws the first error among the answers of a pipeline */
function check(answers: readonly [Error | null, unknown][] | null): unknown[] {
  return (answers ?? []).map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}
