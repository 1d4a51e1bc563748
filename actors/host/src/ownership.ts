/**
 * Which shards are ours. Liveness says who should hold what, Postgres says who does (L2):
 *
 *   free, or its owner is gone ──claim──▶ ours ──not ours by assignment, or leaving──▶ drained ──▶ given back
 *                                          └──fence refuses a commit──▶ lost
 *
 * The same for log shards (worker) and job shards (courier).
 */
import type { Bus, Liveness, Role } from "@rookery/bus";
import { encodeInternal, type ShardId, subjects } from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import {
  claimShards,
  listOwners,
  type Ownership,
  releaseShards,
  type ShardKind,
  type Store,
} from "@rookery/store";
import { assign } from "./assignment.ts";

/** Between looks at the table when nothing is heard. */
const lookMs = 1_000;
/** Until the first look that counts. */
const firstLookMs = 100;

export interface OwnershipParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly liveness: Liveness;
  readonly log: Log;
  readonly kind: ShardKind;
  readonly role: Role;
  readonly id: string;
  /** A shard has become ours; its former owner can commit nothing more. */
  readonly claimed: (row: Ownership) => Promise<void>;
  /** A shard is to be given back: resolves when nothing of it is in flight. */
  readonly drain: (shard: ShardId) => Promise<void>;
}

export interface ShardOwnership {
  /** Ours, as far as we know. */
  readonly held: ReadonlyMap<ShardId, number>;
  /** Resolves after the first look: what was to be had at the start is ours. */
  readonly settled: Promise<void>;
  /** The fence has told us: somebody else's. */
  lost(shard: ShardId): void;
  /** Gives everything back. */
  close(): Promise<void>;
}

export function startOwnership(parts: OwnershipParts): ShardOwnership {
  const { bus, store, liveness, log, kind, role, id } = parts;
  const held = new Map<ShardId, number>();
  /** Not ours to begin again before that has ended: a shard is served once at a time. */
  const draining = new Set<ShardId>();
  let leaving = false;
  let looking: Promise<void> | null = null;
  let again = false;
  let settle = (): void => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });

  const look = (): void => {
    if (leaving) return;
    if (looking !== null) {
      again = true;
      return;
    }
    looking = reconcile()
      .catch((error: unknown) => log.warn({ err: String(error) }, "ownership could not be looked at"))
      .finally(() => {
        looking = null;
        if (again) {
          again = false;
          look();
        }
      });
  };

  const reconcile = async (): Promise<void> => {
    const live = liveness.live(role);
    if (live === null || !live.includes(id)) return;
    const rows = await listOwners(store, kind);
    const present = new Set(live);
    const target = assign(
      rows.map((row) => [row.id, row.owner !== null && present.has(row.owner) ? row.owner : null]),
      live,
    );
    for (const row of rows) {
      if (held.has(row.id) && (row.owner !== id || row.epoch !== held.get(row.id))) lost(row.id);
    }
    // Drained when giving back failed, or lost: nobody takes what the table says a living owner has.
    const stranded = rows.filter(
      (row) => row.owner === id && target.get(row.id) !== id && !held.has(row.id) && !draining.has(row.id),
    );
    await release(stranded);
    const surplus = rows.filter((row) => held.has(row.id) && target.get(row.id) !== id);
    await giveBack(surplus.map((row) => row.id));
    // What a living owner has too much of, it gives back itself.
    const wanted = rows.filter(
      (row) =>
        target.get(row.id) === id &&
        !held.has(row.id) &&
        !draining.has(row.id) &&
        !(row.owner !== null && row.owner !== id && present.has(row.owner)),
    );
    await claim(wanted);
    settle();
  };

  const claim = async (rows: Parameters<typeof claimShards>[2]): Promise<void> => {
    if (rows.length === 0 || leaving) return;
    const claimed = await claimShards(store, kind, rows, id);
    for (const row of claimed) held.set(row.id, row.epoch);
    await Promise.all(
      claimed.map((row) =>
        parts.claimed(row).catch((error: unknown) => {
          log.warn({ err: String(error), kind, shard: row.id }, "a claimed shard could not be begun");
          lost(row.id);
        }),
      ),
    );
    if (claimed.length > 0) {
      log.info({ kind, shards: claimed.map((row) => row.id), held: held.size }, "claimed shards");
    }
  };

  const drain = async (shard: ShardId): Promise<void> => {
    draining.add(shard);
    try {
      await parts.drain(shard);
    } finally {
      draining.delete(shard);
    }
  };

  const giveBack = async (shards: readonly ShardId[]): Promise<void> => {
    if (shards.length === 0) return;
    await Promise.all(shards.map(drain));
    const rows = shards.flatMap((shard) => {
      const epoch = held.get(shard);
      return epoch === undefined ? [] : [{ id: shard, epoch }];
    });
    // Whether that can be written or not, nobody serves them here any more.
    for (const shard of shards) held.delete(shard);
    await release(rows);
  };

  const release = async (rows: Parameters<typeof releaseShards>[2]): Promise<void> => {
    if (rows.length === 0) return;
    await releaseShards(store, kind, rows, id);
    bus.publish(subjects.released, encodeInternal({ kind }));
    log.info({ kind, shards: rows.map((row) => row.id), held: held.size }, "gave shards back");
  };

  const lost = (shard: ShardId): void => {
    if (!held.delete(shard)) return;
    log.warn({ kind, shard }, "lost a shard");
    if (!draining.has(shard)) void drain(shard).then(look);
  };

  const released = bus.subscribe(subjects.released, look);
  liveness.onChange(look);
  const first = setInterval(look, firstLookMs);
  void settled.then(() => clearInterval(first));
  const timer = setInterval(look, lookMs);

  return {
    held,
    settled,
    lost,
    async close() {
      leaving = true;
      clearInterval(first);
      clearInterval(timer);
      released.close();
      await looking;
      liveness.leave();
      await giveBack([...held.keys()]).catch((error: unknown) => {
        log.warn(
          { err: String(error), kind },
          "shards could not be given back; they are free when we are silent",
        );
      });
    },
  };
}
