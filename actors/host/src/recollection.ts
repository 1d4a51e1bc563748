import type { Store } from "@rookery/store";
import type { Cell } from "./cell.ts";
import type { AnyDefinition } from "./definition.ts";
import type { Pick } from "./plan.ts";
import { Poison } from "./poison.ts";
import type { Arrived } from "./shard.ts";

/**
 * Reads the old rows that commands are about into the states, one query for all actors of a kind. Commands that have an
 * outcome need none. The cells exist, and what is recalled is known by then.
 * @throws Poison when an actor throws; anything else is Postgres out of reach.
 */
export async function recollect(
  definition: AnyDefinition,
  store: Store,
  picks: readonly Pick[],
  batch: number,
): Promise<void> {
  const { memory } = definition;
  if (memory === undefined) return;
  const wanted = new Map<Cell, { readonly actorId: number; readonly keys: Set<number> }>();
  for (const { shard, commands } of picks) {
    for (const arrived of commands) {
      const { command, key: actorKey } = arrived;
      const { actor, senderId, uuid } = command;
      const cell = actor.kind === definition.kind ? shard.cells.get(actorKey) : undefined;
      if (cell === undefined) continue;
      cell.begin(batch);
      if (cell.state === null || cell.recall(senderId, uuid) !== undefined) continue;
      for (const key of missing(memory, cell.state, arrived)) {
        let place = wanted.get(cell);
        if (place === undefined) wanted.set(cell, (place = { actorId: actor.id, keys: new Set() }));
        place.keys.add(key);
      }
    }
  }
  if (wanted.size === 0) return;
  const asked = [...wanted.values()].map(({ actorId, keys }) => ({ actorId, keys: [...keys] }));
  const found = await memory.fetch(store, asked);
  for (const [cell, { actorId }] of wanted) {
    const rows = found.get(actorId);
    if (rows !== undefined) cell.state = memory.learn(cell.state, rows);
  }
}

/** Of a command that is unknown here, say of a newer version's, an actor may have nothing to say. */
function missing(
  memory: NonNullable<AnyDefinition["memory"]>,
  state: unknown,
  arrived: Arrived,
): readonly number[] {
  try {
    return [...memory.missing(state, arrived.command)];
  } catch (error) {
    throw new Poison(arrived, error);
  }
}
