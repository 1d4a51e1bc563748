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
/** Everything is written again so often. */
const rewriteMs = 30_000;
/** What is not written again ends after so long: three rewrites. */
const lifeMs = 90_000;
/** Of one round trip. */
const commandsMax = 1_000;
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

/** Starts to mirror the sockets of one edge; `sockets` tells all of them. */
export function openSocketMirror(parts: {
  readonly cache: Cache;
  readonly edge: string;
  readonly sockets: () => Iterable<MirroredSocket>;
  readonly now: () => number;
  readonly log: Log;
}): SocketMirror {
  const { cache, edge, now, log } = parts;
  let changes = new Map<string, Change>();
  /** Users of whom Redis may know something of us, whether they are still here or not. */
  let told = new Set<UserId>();
  let writing: Promise<void> | null = null;
  /** Redis may know something else: everything is written again. */
  let isWhole = true;
  let wholeMs = 0;

  const write = async (): Promise<void> => {
    if (!cache.ready) {
      // What is not there need not be told of; it is written whole when Redis is back.
      changes.clear();
      isWhole = true;
      return;
    }
    const whole = isWhole || now() - wholeMs >= rewriteMs;
    const batch = [...changes];
    changes = new Map();
    try {
      if (whole) {
        isWhole = false;
        wholeMs = now();
        await writeWhole();
      }
      // After the whole: what has gone while it was told is taken out again.
      for (const part of portions(batch)) await writeChanges(part);
    } catch (error) {
      isWhole = true;
      log.debug({ err: error }, "the sockets could not be mirrored");
    }
  };

  const writeWhole = async (): Promise<void> => {
    const users = byUser(parts.sockets());
    const gone = [...told].filter((userId) => !users.has(userId));
    for (const part of portions(gone)) await cache.redis.del(part.map((userId) => keyOf(userId, edge)));
    for (const part of portions([...users])) await writeUsers(part);
    told = new Set([...users.keys(), ...[...changes.values()].map(({ userId }) => userId)]);
  };

  /** Whole users in one step each: what should have been taken out of them is gone too. */
  const writeUsers = async (users: readonly [UserId, Record<string, string>][]): Promise<void> => {
    const step = cache.redis.multi();
    for (const [userId, sockets] of users) {
      const key = keyOf(userId, edge);
      step.del(key).hset(key, sockets).pexpire(key, lifeMs);
    }
    check(await step.exec());
  };

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
      const known = await cache.redis.zscore(edgesKey, edge);
      await cache.redis.zadd(edgesKey, now() + lifeMs, edge);
      await cache.redis.zremrangebyscore(edgesKey, 0, now());
      if (known === null) isWhole = true;
    } catch (error) {
      isWhole = true;
      log.debug({ err: error }, "the mirror of the sockets could not be looked at");
    }
  };

  const flush = (): void => {
    if (writing !== null || (changes.size === 0 && !isWhole && now() - wholeMs < rewriteMs)) return;
    writing = write().finally(() => {
      writing = null;
    });
  };
  const timers = [setInterval(flush, flushMs), setInterval(() => void look(), lookMs)];
  void look();

  return {
    put(socket) {
      told.add(socket.userId);
      changes.set(socket.connId, { userId: socket.userId, socket });
    },
    drop: ({ connId, userId }) => void changes.set(connId, { userId, socket: null }),
    async close() {
      for (const timer of timers) clearInterval(timer);
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

/** Every socket of the cluster, in no order, up to `socketsMax`. @throws when Redis is away */
export async function allSockets({ redis }: Cache, socketsMax: number): Promise<MirroredSocket[]> {
  const sockets: MirroredSocket[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "MATCH", `${socketsPrefix}*`, "COUNT", scanCount);
    cursor = next;
    sockets.push(...(await readKeys(redis, keys)));
  } while (cursor !== "0" && sockets.length < socketsMax);
  return sockets.slice(0, socketsMax);
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

/** Of each user the sockets as the fields of a hash. */
function byUser(sockets: Iterable<MirroredSocket>): Map<UserId, Record<string, string>> {
  const users = new Map<UserId, Record<string, string>>();
  for (const socket of sockets) {
    const fields = users.get(socket.userId) ?? {};
    fields[socket.connId] = JSON.stringify(socket);
    users.set(socket.userId, fields);
  }
  return users;
}

function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += commandsMax) yield items.slice(from, from + commandsMax);
}

/** @throws the first error among the answers of a pipeline */
function check(answers: readonly [Error | null, unknown][] | null): unknown[] {
  return (answers ?? []).map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}
