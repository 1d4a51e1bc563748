import type { Bus, Subscription } from "@rookery/bus";
import {
  type ActorKey,
  type ActorKind,
  encodeInternal,
  type Head,
  type InterestReply,
  type InterestUpdate,
  parseActorKey,
  parseInternal,
  subjects,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { AnyDefinition } from "./definition.ts";
import type { Shard } from "./shard.ts";

export interface InterestParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly definitions: ReadonlyMap<ActorKind, AnyDefinition>;
  readonly log: Log;
}

/**
 * Hears what edges watch on a shard of ours and answers where those actors stand: a promise that everything after
 * comes as events. The edge is registered before the rows are read, so nothing falls between.
 *
 * No answer means the update was not taken: the edge says it again, whole.
 */
export function serveInterest(parts: InterestParts, shard: Shard): Subscription {
  return parts.bus.subscribe(subjects.interest(shard.id), (message) => {
    const update = parseInternal<InterestUpdate>(message.bytes);
    if (shard.lost || !shard.interest.apply(update)) return;
    readHeads(parts, shard, update.add)
      .then((heads) => {
        const reply: InterestReply = { epoch: shard.epoch, version: update.version, heads };
        if (!shard.lost) message.respond(encodeInternal(reply));
      })
      .catch((error: unknown) => parts.log.warn({ err: String(error) }, "heads could not be read"));
  });
}

async function readHeads(parts: InterestParts, shard: Shard, keys: readonly ActorKey[]): Promise<Head[]> {
  const heads: Head[] = [];
  const asleep = new Map<ActorKind, number[]>();
  for (const key of keys) {
    const cell = shard.cells.get(key);
    if (cell !== undefined) {
      heads.push([key, cell.released.seq, cell.released.rev]);
      continue;
    }
    const { kind, id } = parseActorKey(key);
    const ids = asleep.get(kind);
    if (ids === undefined) asleep.set(kind, [id]);
    else ids.push(id);
  }
  for (const [kind, ids] of asleep) {
    const positions = await parts.definitions.get(kind)?.heads(parts.store, ids);
    for (const id of ids) {
      const { seq, rev } = positions?.get(id) ?? { seq: 0, rev: 0 };
      heads.push([`${kind}:${id}`, seq, rev]);
    }
  }
  return heads;
}
