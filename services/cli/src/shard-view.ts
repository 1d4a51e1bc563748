/** What `rookery shards` shows: rows of Postgres beside what the owners say of themselves. */
import type { Ownership } from "@rookery/store";
import { type Column, encodeTable } from "./text-table.ts";

export interface ShardView {
  readonly shard: number;
  readonly owner: string | null;
  readonly epoch: number;
  readonly appliedSeq: number;
  /** Messages of the log not yet applied; null when its owner has not said so lately. */
  readonly lag: number | null;
  /** How long the owner has had it; null without one. */
  readonly ownedMs: number | null;
  /** Owners that ended in a row without giving it back or committing. */
  readonly deaths: number;
}

/** @param lagOf by shard and epoch: what a deposed owner still says is not about this one. */
export function viewShards(
  rows: readonly Ownership[],
  lagOf: (shard: number, epoch: number) => number | null,
  nowMs: number,
): ShardView[] {
  return rows.map(({ id, owner, epoch, appliedSeq, claimedMs, deaths }) => ({
    shard: id,
    owner,
    epoch,
    appliedSeq,
    lag: owner === null ? null : lagOf(id, epoch),
    ownedMs: owner === null || claimedMs === null ? null : Math.max(0, nowMs - claimedMs),
    deaths,
  }));
}

const columns: readonly Column<ShardView>[] = [
  { title: "shard", align: "right", cell: ({ shard }) => String(shard) },
  { title: "owner", cell: ({ owner }) => owner ?? "-" },
  { title: "epoch", align: "right", cell: ({ epoch }) => String(epoch) },
  { title: "applied", align: "right", cell: ({ appliedSeq }) => String(appliedSeq) },
  { title: "lag", align: "right", cell: ({ lag }) => (lag === null ? "-" : String(lag)) },
  {
    title: "owned for",
    align: "right",
    cell: ({ ownedMs }) => (ownedMs === null ? "-" : encodeDuration(ownedMs)),
  },
  { title: "deaths", align: "right", cell: ({ deaths }) => String(deaths) },
];

/**
 * The table below a line that sums it up. Of more shards than `rowsMax` those that want attention come first: without an
 * owner, with deaths, with the most lag.
 */
export function encodeShards(views: readonly ShardView[], kind: string, rowsMax: number): string[] {
  const owners = new Set(views.flatMap(({ owner }) => owner ?? []));
  const free = views.filter(({ owner }) => owner === null).length;
  const lags = views.flatMap(({ lag }) => lag ?? []);
  const lag = lags.length === 0 ? "unknown" : String(lags.reduce((sum, one) => sum + one, 0));
  const title = `${views.length} ${kind} shards, ${owners.size} owners, ${free} without one, lag ${lag}`;
  if (views.length <= rowsMax) return [title, ...encodeTable(views, columns)];
  const first = views.toSorted((a, b) => urgency(b) - urgency(a) || a.shard - b.shard).slice(0, rowsMax);
  return [title, ...encodeTable(first, columns), `… ${views.length - rowsMax} more; --once shows all`];
}

function urgency({ owner, deaths, lag }: ShardView): number {
  if (owner === null) return Number.MAX_SAFE_INTEGER;
  return deaths * 1_000_000 + (lag ?? 0);
}

/** `42s`, `3m 20s`, `5h 12m`, `9d 3h`. */
export function encodeDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}
