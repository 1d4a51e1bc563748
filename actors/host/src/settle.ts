import type { Log } from "@rookery/runtime";
import {
  commit,
  type Fence,
  isRefusal,
  listShards,
  readFactVersion,
  type ShardRows,
  type Store,
} from "@rookery/store";

export interface Settled {
  readonly committed: ReadonlySet<number>;
  /** Somebody else owns them now, or their log is another. */
  readonly deposed: ReadonlySet<number>;
  /** Whether it is known of every shard if it was committed; otherwise the waiting was given up. */
  readonly known: boolean;
  /** It was decided by facts that have changed since, or as new and is a repeat: what is in neither of the two was not committed. */
  readonly outdated: boolean;
}

const retryMsMin = 50;
const retryMsMax = 1_000;

/**
 * Commits, and does not return before the outcome of every shard is known (L2).
 *
 * A shard that the statement did not commit, or a statement whose answer was lost, is told apart by the shard's row:
 * our epoch and our commit's id, it had committed; our epoch and our `fromSeq`, the identical commit is repeated;
 * anything else, deposed. What was decided with facts that are no longer those of today, or as new though it had been done
 * before, is not repeated, for it would be refused for ever.
 *
 * `giveUp` ends the waiting for a Postgres that is away: then some outcomes stay unknown, which is no harm to whoever
 * tells nothing of them. Their commands are in the log, and the next owner reads what was committed.
 *
 * @throws the refusal when Postgres refuses a row (`isRefusal`): then nothing was written.
 */
export async function settleCommit(
  store: Store,
  fences: readonly Fence[],
  rows: readonly ShardRows[],
  log: Log,
  giveUp: AbortSignal,
): Promise<Settled> {
  const committed = new Set<number>();
  const deposed = new Set<number>();
  const named = new Set(rows.flatMap(({ shard, names = [] }) => (names.length === 0 ? [] : [shard])));
  let open = fences;
  for (let retryMs = retryMsMin; ; retryMs = Math.min(retryMs * 2, retryMsMax)) {
    try {
      const ids = new Set(open.map((fence) => fence.shard));
      for (const id of await commit(
        store,
        open,
        rows.filter((each) => ids.has(each.shard)),
      )) {
        committed.add(id);
      }
      open = open.filter((fence) => !committed.has(fence.shard));
      if (open.length > 0) open = await classify(store, open, committed, deposed);
      if (open.length === 0) return { committed, deposed, known: true, outdated: false };
      const isNamed = open.some(({ shard }) => named.has(shard));
      if (isNamed || (await isOutdated(store, open))) {
        const shards = open.map(({ shard }) => shard);
        log.info({ shards }, "a commit has a repeat in it, or facts are newer: it is decided again");
        return { committed, deposed, known: true, outdated: true };
      }
    } catch (error) {
      if (isRefusal(error)) throw error;
      if (giveUp.aborted) return { committed, deposed, known: false, outdated: false };
      log.warn({ err: String(error), shards: open.length, retryMs }, "the outcome of a commit is unknown");
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      open = await classify(store, open, committed, deposed).catch(() => open);
      if (open.length === 0) return { committed, deposed, known: true, outdated: false };
    }
  }
}

async function isOutdated(store: Store, open: readonly Fence[]): Promise<boolean> {
  const decidedWith = open.flatMap(({ factVersion }) => factVersion ?? []);
  if (decidedWith.length === 0) return false;
  const version = await readFactVersion(store);
  return decidedWith.some((each) => each !== version);
}

/** @returns those still to be committed. */
async function classify(
  store: Store,
  open: readonly Fence[],
  committed: Set<number>,
  deposed: Set<number>,
): Promise<readonly Fence[]> {
  const rows = new Map((await listShards(store, "log")).map((row) => [row.id, row]));
  return open.filter((fence) => {
    const row = rows.get(fence.shard);
    const ours = row !== undefined && row.epoch === fence.epoch && row.logId === fence.logId;
    if (ours && row.commitId === fence.commitId) {
      committed.add(fence.shard);
      return false;
    }
    if (ours && row.appliedSeq === fence.fromSeq) return true;
    deposed.add(fence.shard);
    return false;
  });
}
