/** Where sleeping actors stand, by their rows: what edges ask of all shards in one moment is one query a kind. */
import type { ActorKind } from "@rookery/protocol";
import { openGather } from "@rookery/runtime";
import type { Store } from "@rookery/store";
import type { AnyDefinition, Position } from "./definition.ts";

/** Words of edges that are answered by one query; each asks for what it began to watch in one tick of one shard. */
const questionsMax = 1_024;

/** Rows committed when it was asked are seen. An actor without rows is left out. */
export type HeadReader = (kind: ActorKind, ids: readonly number[]) => Promise<ReadonlyMap<number, Position>>;

export function openHeadReader(store: Store, definitions: ReadonlyMap<ActorKind, AnyDefinition>): HeadReader {
  const readers = new Map(
    [...definitions].map(([kind, definition]) => [
      kind,
      openGather<readonly number[], ReadonlyMap<number, Position>>({
        questionsMax,
        async ask(lists) {
          const positions = await definition.heads(store, [...new Set(lists.flat())]);
          return lists.map(() => positions);
        },
      }),
    ]),
  );
  return async (kind, ids) => (await readers.get(kind)?.(ids)) ?? new Map();
}
