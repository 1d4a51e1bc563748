import type { Bus, Subscription } from "@rookery/bus";
import {
  actorKey,
  type ActorKind,
  encodeInternal,
  type Head,
  type InterestKey,
  type InterestReply,
  type InterestUpdate,
  parseInterestKey,
  parseInternal,
  subjects,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import type { Attendance } from "./attendance.ts";
import { origin } from "./definition.ts";
import type { HeadReader } from "./head-reader.ts";
import { headOf } from "./release.ts";
import type { Shard } from "./shard.ts";

export interface InterestParts {
  readonly bus: Bus;
  readonly readPositions: HeadReader;
  readonly log: Log;
}

/**
 * Hears what edges watch on a shard of ours and answers where those actors stand: a promise that everything after
 * comes as events. The edge is registered before the rows are read, so nothing falls between.
 *
 * No answer means the update was not taken: the edge says it again, whole.
 */
export function serveInterest(
  parts: InterestParts,
  shard: Shard,
  attendance: Attendance | undefined,
): Subscription {
  return parts.bus.subscribe(subjects.interest(shard.id), (message) => {
    const update = parseInternal<InterestUpdate>(message.bytes);
    if (shard.lost || !shard.interest.apply(update)) return;
    readHeads(parts, shard, update.add)
      .then((heads) => {
        if (shard.lost) return;
        const { epoch } = shard;
        // After the heads were read: what is told of now is newer than any word before.
        const besides = attendance?.answer(update.add);
        const reply: InterestReply = { epoch, version: update.version, heads, ...besides };
        message.respond(encodeInternal(reply));
      })
      .catch((error: unknown) => parts.log.warn({ err: String(error) }, "heads could not be read"));
  });
}

async function readHeads(parts: InterestParts, shard: Shard, keys: readonly InterestKey[]): Promise<Head[]> {
  const heads: Head[] = [];
  const asleep = new Map<ActorKind, number[]>();
  for (const each of keys) {
    const { kind, id } = parseInterestKey(each);
    if (kind === "away" || kind === "presence") continue;
    const key = actorKey({ kind, id });
    const cell = shard.cells.get(key);
    if (cell !== undefined) {
      heads.push(headOf(key, cell.released));
      continue;
    }
    const ids = asleep.get(kind);
    if (ids === undefined) asleep.set(kind, [id]);
    else ids.push(id);
  }
  await Promise.all(
    [...asleep].map(async ([kind, ids]) => {
      const positions = await parts.readPositions(kind, ids);
      for (const id of ids) heads.push(headOf(`${kind}:${id}`, positions.get(id) ?? origin));
    }),
  );
  return heads;
}
