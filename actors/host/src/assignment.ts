import type { ShardId } from "@rookery/protocol";

/** Who holds a shard now; null when nobody does, or its owner is gone. */
export type Holding = readonly [shard: ShardId, owner: string | null];

/**
 * Who should hold which shard: everyone computes the same from the same members and holdings.
 *
 * Rendezvous hashing with bounded load, starting from what is: a shard stays where it is unless its owner has more than
 * its share, so a process that joins takes its share and nothing else moves, and one that leaves is replaced on its own
 * shards only. Nobody gets more than ⌈shards / members⌉.
 */
export function assign(holdings: readonly Holding[], members: readonly string[]): Map<ShardId, string> {
  const target = new Map<ShardId, string>();
  if (members.length === 0) return target;
  const shareMax = Math.ceil(holdings.length / members.length);
  const shareMin = Math.floor(holdings.length / members.length);
  const held = new Map<string, ShardId[]>(members.map((member) => [member, []]));
  const free: ShardId[] = [];
  for (const [shard, owner] of holdings) {
    const list = owner === null ? undefined : held.get(owner);
    if (list === undefined) free.push(shard);
    else list.push(shard);
  }
  shed(held, free, shareMin, shareMax);
  for (const [member, shards] of held) for (const shard of shards) target.set(shard, member);
  for (const shard of free.toSorted((one, other) => one - other)) {
    // The least loaded may exceed the lower share only when nobody is below it.
    const below = members.filter((member) => loadOf(held, member) < shareMin);
    const open = below.length > 0 ? below : members.filter((member) => loadOf(held, member) < shareMax);
    const taker = highest(open, shard);
    if (taker === undefined) continue;
    held.get(taker)?.push(shard);
    target.set(shard, taker);
  }
  return target;
}

/** Takes from those with more than their share, each time the shard its owner scores lowest for. */
function shed(held: Map<string, ShardId[]>, free: ShardId[], shareMin: number, shareMax: number): void {
  const wanted = (): number => {
    let missing = 0;
    for (const shards of held.values()) missing += Math.max(0, shareMin - shards.length);
    return missing - free.length;
  };
  const surplus = (max: number): void => {
    for (const [member, shards] of [...held].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
      // Looked at every second by everybody, and nearly always there is nothing to take.
      if (shards.length <= max) continue;
      shards.sort((one, other) => score(member, other) - score(member, one));
      while (shards.length > max && (max === shareMax || wanted() > 0)) {
        const last = shards.pop();
        if (last !== undefined) free.push(last);
      }
    }
  };
  surplus(shareMax);
  if (wanted() > 0) surplus(shareMin);
}

function loadOf(held: ReadonlyMap<string, readonly ShardId[]>, member: string): number {
  return held.get(member)?.length ?? 0;
}

function highest(members: readonly string[], shard: ShardId): string | undefined {
  let best: string | undefined;
  for (const member of members) {
    if (best === undefined || score(member, shard) > score(best, shard)) best = member;
  }
  return best;
}

/** FNV-1a over the member's name and the shard. */
function score(member: string, shard: ShardId): number {
  let hash = 0x811c_9dc5;
  const text = `${member}/${shard}`;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
