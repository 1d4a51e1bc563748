/** The times of a run, from its journals. Pure. */
import { shardOf } from "@rookery/protocol";
import type { Journals, SendEntry } from "../journal/entry.ts";
import { percentile } from "../figure.ts";

export interface Figures {
  readonly messages: number;
  /** Acked, by the frame that asked for them; and receipts, comings and goings by REST. */
  readonly changes: Readonly<Record<string, number>>;
  readonly ackMs: { readonly p50: number | undefined; readonly p99: number | undefined };
  /** The longest time without any ack while something waited for one. */
  readonly silenceMs: number;
  /** The longest anybody waited for one ack. */
  readonly waitMsMax: number;
  /** From the loss of a worker to the first ack of what was sent after it, by chat of its shards. */
  readonly takeovers: readonly Takeover[];
  readonly faults: Readonly<Record<string, number>>;
  /** Ends of processes nobody asked for, after they had served. */
  readonly exits: readonly string[];
}

export interface Takeover {
  readonly fault: string;
  readonly chatMs: readonly number[];
}

/** A chat that nobody wrote to for so long after a loss says nothing about it. */
const takeoverMsMax = 20_000;

type Ack = Extract<SendEntry, { kind: "ack" }>;

export function readFigures(journals: Journals, shards: number): Figures {
  const sentMs = new Map<string, number>();
  const acks: Ack[] = [];
  const seen = new Set<string>();
  for (const entry of journals.sends) {
    if (entry.kind === "send") sentMs.set(entry.uuid, entry.atMs);
    else if (entry.kind === "ack" && !seen.has(entry.uuid)) {
      seen.add(entry.uuid);
      acks.push(entry);
    }
  }
  const waits = acks.flatMap((ack) => {
    const sent = sentMs.get(ack.uuid);
    return sent === undefined ? [] : [ack.atMs - sent];
  });
  const faults: Record<string, number> = {};
  const exits: string[] = [];
  for (const entry of journals.faults) {
    if (entry.kind === "begin") faults[entry.fault] = (faults[entry.fault] ?? 0) + 1;
    if (entry.kind === "exit" && entry.served) exits.push(`${entry.name} ${entry.reason}`);
  }
  return {
    messages: acks.length,
    changes: countChanges(journals),
    ackMs: { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) },
    silenceMs: longestGap(acks.map((ack) => ack.atMs)),
    waitMsMax: waits.reduce((max, wait) => Math.max(max, wait), 0),
    takeovers: readTakeovers(journals, acks, sentMs, shards),
    faults,
    exits,
  };
}

function countChanges({ sends, invites }: Journals): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const asked = new Map(sends.flatMap((entry) => (entry.kind === "ask" ? [[entry.uuid, entry.type]] : [])));
  for (const entry of sends) if (entry.kind === "done") count(asked.get(entry.uuid) ?? "");
  for (const { kind } of invites) if (kind !== "invite") count(kind);
  return counts;
}

function longestGap(timesMs: readonly number[]): number {
  let longest = 0;
  for (let index = 1; index < timesMs.length; index += 1) {
    longest = Math.max(longest, (timesMs[index] ?? 0) - (timesMs[index - 1] ?? 0));
  }
  return longest;
}

function readTakeovers(
  { faults }: Journals,
  acks: readonly Ack[],
  sentMs: ReadonlyMap<string, number>,
  shards: number,
): Takeover[] {
  const byShard = new Map<number, Ack[]>();
  for (const ack of acks) {
    const shard = shardOf("chat", ack.chatId, shards);
    const list = byShard.get(shard);
    if (list === undefined) byShard.set(shard, [ack]);
    else list.push(ack);
  }
  return faults.flatMap((entry) => {
    if (entry.kind !== "bereft") return [];
    const first = new Map<number, number>();
    for (const shard of entry.shards) {
      for (const ack of byShard.get(shard) ?? []) {
        const isNew = (sentMs.get(ack.uuid) ?? 0) > entry.atMs;
        const waitMs = ack.atMs - entry.atMs;
        if (isNew && waitMs < takeoverMsMax && !first.has(ack.chatId)) first.set(ack.chatId, waitMs);
      }
    }
    return [{ fault: entry.fault, chatMs: [...first.values()] }];
  });
}
