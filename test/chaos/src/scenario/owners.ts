/** Who owns which shard, by what Postgres says. */
import { until } from "@rookery/kit";
import type { Rig } from "../cluster/rig.ts";

/** Shard → `worker-1`; null when nobody owns it. */
export async function readOwners({ store }: Pick<Rig, "store">): Promise<Map<number, string | null>> {
  const { rows } = await store.query<{ id: number; owner: string | null }>(
    "select id, owner from shard where kind = 'log' order by id",
  );
  return new Map(rows.map(({ id, owner }) => [id, owner === null ? null : (owner.split(".")[0] ?? null)]));
}

/** Waits until each of so many workers owns its share. @returns how long that took */
export async function awaitBalance(
  rig: Pick<Rig, "store">,
  workers: number,
  withinMs: number,
): Promise<number> {
  const startMs = performance.now();
  await until(
    async () => {
      const counts = new Map<string | null, number>();
      const owners = await readOwners(rig);
      for (const owner of owners.values()) counts.set(owner, (counts.get(owner) ?? 0) + 1);
      const share = owners.size / workers;
      if (counts.has(null) || counts.size !== workers) return false;
      return [...counts.values()].every((count) => count >= Math.floor(share) && count <= Math.ceil(share));
    },
    { withinMs, what: `${workers} workers own their shares` },
  );
  return performance.now() - startMs;
}
