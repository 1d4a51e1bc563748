import type { ShardId } from "./id.ts";

/** Stored with the cluster: a process whose code hashes otherwise refuses to run. */
export const shardHashVersion = 1;

/** What a shard can be asked for; the salt keeps chat 7 and user 7 apart. */
const salts = { chat: 0x63686174, user: 0x75736572, bot: 0x626f7400, endpoint: 0x656e6470 } as const;

/**
 * The shard of an actor among `shards`: the finaliser of MurmurHash3 over the salted id.
 *
 * Part of the stored format: changing it moves every actor to another log, so it is versioned and pinned by test.
 */
export function shardOf(kind: keyof typeof salts, id: number, shards: number): ShardId {
  let hash = salts[kind] ^ (id >>> 0);
  hash = mix(hash) ^ Math.floor(id / 0x1_0000_0000);
  return mix(hash) % shards;
}

function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
