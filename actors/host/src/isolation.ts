/**
 * One command a commit: the way through a batch that cannot be decided or written as a whole (L8).
 *
 *   alone ──fails──▶ alone again ──fails──▶ parked in the dead letters, its sender told `internal`; the shard goes on
 *
 * A shard whose owners keep dying is gone through the same way, each command noted in the shard's row before it is
 * tried, so that the one that kills is known to the next owner, and parked by the fourth that meets it.
 */
import type { Log } from "@rookery/runtime";
import { isRefusal, markSuspect, type Store, type Suspect } from "@rookery/store";
import { parkPlan, type Pick, type Plan, Poison, pickDeliveries, storable } from "./plan.ts";
import type { Arrived, Delivery, Shard } from "./shard.ts";

/** Between attempts while Postgres is out of reach. */
export const retryMs = 200;
/** Deaths in a row without a commit that make a shard's next owner cautious. */
const deathsMax = 2;
/** Tries of one command that ended with their process. */
const killingTriesMax = 3;

/** What a commit came to. */
export type Verdict =
  | { readonly kind: "clean" | "deposed" | "unknown" }
  /** The facts were others when it was decided: what is not deposed is to be decided again. */
  | { readonly kind: "outdated" }
  | { readonly kind: "refused"; readonly reason: string };

export interface IsolationParts {
  readonly store: Store;
  readonly log: Log;
  readonly owns: (shard: Shard) => boolean;
  readonly nextId: () => number;
  /** @throws Poison, or whatever Postgres throws. */
  readonly decide: (pick: Pick) => Promise<Plan>;
  readonly commit: (plan: Plan) => Promise<Verdict>;
  /** Aborted when a Postgres that is away is waited for no longer. */
  readonly giveUp: AbortSignal;
}

/** Whether a shard's first commands are to be tried one by one. */
export function isCautious(shard: Shard): boolean {
  return shard.deaths >= deathsMax || shard.suspect !== null;
}

/** Applies whole log messages of shards that have nothing in flight, one command a commit. */
export async function isolate(
  parts: IsolationParts,
  deliveries: ReadonlyMap<Shard, readonly Delivery[]>,
): Promise<void> {
  for (const [shard, items] of deliveries) {
    const cautious = isCautious(shard);
    // Ahead of what is applied, so that its actors are not let go meanwhile.
    shard.decidedSeq = items.at(-1)?.envelope.seq ?? shard.appliedSeq;
    try {
      for (const delivery of items) await isolateDelivery(parts, shard, delivery, cautious);
    } catch (error) {
      // We stop: what was not tried is in the log.
      if (!parts.giveUp.aborted) throw error;
      return;
    }
    shard.decidedSeq = shard.appliedSeq;
    shard.deaths = 0;
    shard.suspect = null;
  }
}

async function isolateDelivery(
  parts: IsolationParts,
  shard: Shard,
  delivery: Delivery,
  cautious: boolean,
): Promise<void> {
  const { commands, fence } = pickDeliveries(shard, [delivery], 0);
  const steps: readonly (Arrived | null)[] = commands.length === 0 ? [null] : commands;
  for (const [index, arrived] of steps.entries()) {
    if (!parts.owns(shard)) return;
    const pick: Pick = {
      shard,
      commands: arrived === null ? [] : [arrived],
      fence: {
        ...fence,
        fromSeq: shard.appliedSeq,
        // The offset moves with the last command of the message.
        toSeq: index === steps.length - 1 ? delivery.envelope.seq : shard.appliedSeq,
      },
    };
    const reason = (cautious && (await suspect(parts, shard, arrived))) || (await tryTwice(parts, pick));
    if (arrived !== null && reason !== null) await park(parts, pick, arrived, reason);
  }
}

/** Notes that the command is about to be tried. @returns why it must not be, or null. */
async function suspect(parts: IsolationParts, shard: Shard, arrived: Arrived | null): Promise<string | null> {
  if (arrived === null) return null;
  const { command, key, seq } = arrived;
  const { senderId } = command;
  // As it can be noted, and is read back.
  const [actor, uuid] = [storable(key), storable(command.uuid)];
  const known = shard.suspect;
  const same =
    known?.seq === seq && known.actor === actor && known.senderId === senderId && known.uuid === uuid;
  const tries = same ? known.tries + 1 : 1;
  if (tries > killingTriesMax) return `its process died ${killingTriesMax} times`;
  const next: Suspect = { seq, actor, senderId, uuid, tries };
  await untilReached(parts.giveUp, () => markSuspect(parts.store, shard, next));
  return null;
}

async function tryTwice(parts: IsolationParts, pick: Pick): Promise<string | null> {
  return (await alone(parts, pick)) === null ? null : alone(parts, pick);
}

/** @returns why it cannot be done, or null. */
function alone(parts: IsolationParts, pick: Pick): Promise<string | null> {
  return untilReached(parts.giveUp, async () => {
    discard(pick);
    try {
      for (;;) {
        const commitId = parts.nextId();
        const plan = await parts.decide({ ...pick, fence: { ...pick.fence, commitId } });
        const verdict = await parts.commit(plan);
        if (verdict.kind !== "outdated") return verdict.kind === "refused" ? verdict.reason : null;
        discard(pick);
      }
    } catch (error) {
      if (error instanceof Poison) return String(error.cause);
      if (isRefusal(error)) return String(error);
      throw error;
    } finally {
      discard(pick);
    }
  });
}

async function park(parts: IsolationParts, pick: Pick, arrived: Arrived, reason: string): Promise<void> {
  parts.log.error(
    {
      requestId: arrived.command.requestId,
      shard: pick.shard.id,
      seq: arrived.seq,
      actor: arrived.key,
      reason,
    },
    "a command is parked in the dead letters",
  );
  const commitId = parts.nextId();
  const plan = parkPlan({ ...pick, fence: { ...pick.fence, commitId } }, arrived, reason);
  const verdict = await parts.commit({ batch: commitId, shards: [plan] });
  if (verdict.kind === "refused") throw new Error(`a dead letter was refused: ${verdict.reason}`);
}

/** Repeats while Postgres is out of reach. @throws its last error when the waiting is given up */
async function untilReached<T>(giveUp: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (giveUp.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

/** Alone, an actor is always read from its rows: whatever was decided for it before does not count. */
function discard({ shard, commands }: Pick): void {
  for (const { key } of commands) shard.cells.delete(key);
}
