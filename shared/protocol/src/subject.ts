import type { ShardId } from "./id.ts";

/**
 * The subjects of the cluster. One per shard, per edge, per role: never per chat or user, which would not scale
 * (a subscription costs its client more than a kilobyte).
 */
export const subjects = {
  /** In the log: commands for a shard. */
  commands: (shard: ShardId): string => `cmd.0.${shard}`,
  allCommands: "cmd.0.*",
  /** Core: releases for one edge. */
  edge: (edge: string): string => `edge.${edge}`,
  /** Core: how many sockets an edge holds, every second, to all edges. */
  edgeLoad: "edge-load",
  /** Core, request and reply: what an edge watches on a shard. */
  interest: (shard: ShardId): string => `shard.${shard}.interest`,
  /** Core, request and reply: how users of a shard are now. */
  presence: (shard: ShardId): string => `shard.${shard}.presence`,
  /** Core: who is typing, to every edge. */
  typing: "typing",
  /** Core: a shard has a new owner. */
  claimed: "shard.claimed",
  /** Core: shards were given back; who wants them may look at once. */
  released: "shard.released",
  /** Core: what workers own, and how far they are. */
  status: "shard.status",
  /** Core: sessions, keys or users that may no longer do anything (`Revocation`), to all edges. */
  revoked: "revoked",
  /** Core: facts have changed (`@rookery/host`, facts.ts); who hears it reads them before a commit makes it. */
  facts: "facts",
  /** Core: jobs of a shard that have just been committed. */
  jobs: (shard: ShardId): string => `job.${shard}`,
  /** Core: who waits for updates of the bots of a job shard (`BotAsk`), to its owner. */
  botAsk: (shard: ShardId): string => `bot.ask.${shard}`,
  /** Core: what an edge waits for on behalf of bots and of those who press their buttons (`BotTold`). */
  botTold: (edge: string): string => `bot.told.${edge}`,
  /** Core, request and answer: a method that a bot's webhook answered with, to an edge. */
  botRun: (edge: string): string => `bot.run.${edge}`,
  /** Core: job shards have a new owner, who knows of nobody that waits. */
  botOwner: "bot.owner",
  /** Core: heartbeats of everybody. */
  live: "live",
  /** Core: an edge asks workers and couriers for their metrics. */
  metricsAsk: "metrics.ask",
  /** Core: their answers to it. */
  metrics: (edge: string): string => `metrics.told.${edge}`,
} as const;

/** The stream behind `subjects.allCommands`. */
export const commandLogName = "commands-0";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Messages between our own processes are JSON: unknown fields are ignored, so versions can be mixed. */
export function encodeInternal(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

export function parseInternal<T>(bytes: Uint8Array): T {
  return JSON.parse(decoder.decode(bytes)) as T;
}
