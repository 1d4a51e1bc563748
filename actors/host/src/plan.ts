/** What one commit will hold: commands of several shards, decided, in log order. */
import {
  type ActorKey,
  type ActorKind,
  actorKey,
  type Event,
  type Job,
  type LoggedCommand,
  type Reply,
} from "@rookery/protocol";
import type { CommandName, Fence, RelayRow, Row, Store } from "@rookery/store";
import { Cell } from "./cell.ts";
import type { AnyDefinition, Position } from "./definition.ts";
import type { Facts } from "./facts.ts";
import { Poison } from "./poison.ts";
import { recollect } from "./recollection.ts";
import type { Arrived, Delivery, Shard } from "./shard.ts";

export { Poison };

/** Commands of one actor read and not yet committed; beyond it the oldest are answered `overloaded` (L7). */
const mailboxMax = 2_000;

/** What is to be decided for one shard, and how far the log is applied when that is committed. */
export interface Pick {
  readonly shard: Shard;
  readonly commands: readonly Arrived[];
  readonly fence: Fence;
}

export interface AddressedReply {
  readonly edge: string;
  readonly ref: number;
  readonly reply: Reply;
}

export interface ShardPlan extends Pick {
  readonly rows: Row[];
  /** Decided as new without a look: the commit looks. */
  readonly names: CommandName[];
  readonly replies: AddressedReply[];
  readonly events: Event[];
  readonly relays: RelayRow[];
  readonly jobs: Job[];
  /** Every actor it decided for, and where that leaves it. */
  readonly touched: Map<ActorKey, { readonly cell: Cell; readonly position: Position }>;
}

export interface Plan {
  /** Counts the plans of this process. */
  readonly batch: number;
  readonly shards: readonly ShardPlan[];
}

/** The commands of whole log messages, and the fence that applies them. */
export function pickDeliveries(shard: Shard, deliveries: readonly Delivery[], commitId: number): Pick {
  const last = deliveries.at(-1)?.envelope;
  if (last === undefined) throw new Error("a pick needs a delivery");
  return {
    shard,
    commands: deliveries.flatMap(({ commands }) => commands),
    fence: {
      shard: shard.id,
      epoch: shard.epoch,
      logId: shard.logId,
      fromSeq: shard.decidedSeq,
      toSeq: last.seq,
      commitId,
      toMsgId: last.msgId,
      toMs: last.timeMs,
      factVersion: null,
    },
  };
}

/** What deciding needs beside the commands. */
export interface Means {
  readonly definitions: ReadonlyMap<ActorKind, AnyDefinition>;
  readonly store: Store;
  readonly facts: Facts;
}

/**
 * Activates the actors, recalls what was decided before where that is likely (L3; elsewhere the commit looks, which spares a
 * question a batch), reads the old rows that commands are about, and decides in log order. Changes the cells' states ahead of
 * the commit; the caller throws the cells away if it fails.
 * @throws Poison when an actor throws; anything else is Postgres out of reach.
 */
export async function decidePlan(
  { definitions, store, facts }: Means,
  picks: readonly Pick[],
  batch: number,
): Promise<Plan> {
  const lookedUp = new Set<Arrived>();
  for (const definition of definitions.values()) {
    const asked = doubtful(definition, picks);
    for (const arrived of asked) lookedUp.add(arrived);
    const names = asked.map(({ command: { actor, senderId, uuid } }) => ({
      actorId: actor.id,
      senderId,
      uuid,
    }));
    const [found] = await Promise.all([
      names.length === 0 ? [] : definition.recall(store, names),
      activate(definition, store, picks),
    ]);
    for (const { actorId, senderId, uuid, outcome } of found) {
      const key = actorKey({ kind: definition.kind, id: actorId });
      // An actor is in one shard: the others do not have its cell.
      for (const { shard } of picks) shard.cells.get(key)?.remember(senderId, uuid, outcome, batch);
    }
    await recollect(definition, store, picks, batch);
  }
  return { batch, shards: picks.map((pick) => decideShard(pick, { facts, lookedUp, batch })) };
}

async function activate(definition: AnyDefinition, store: Store, picks: readonly Pick[]): Promise<void> {
  const missing = new Map<number, Shard>();
  for (const { shard, commands } of picks) {
    for (const { command, key } of commands) {
      const { kind, id } = command.actor;
      if (kind === definition.kind && !shard.cells.has(key)) missing.set(id, shard);
    }
  }
  if (missing.size === 0) return;
  const states = await definition.load(store, [...missing.keys()]);
  for (const [id, shard] of missing) {
    shard.cells.set(actorKey({ kind: definition.kind, id }), new Cell(definition, states.get(id) ?? null));
  }
}

/** The commands that are looked up before they are decided: those of sleepers, and of shards where repeats are likely. */
function doubtful(definition: AnyDefinition, picks: readonly Pick[]): Arrived[] {
  const found: Arrived[] = [];
  for (const { shard, commands } of picks) {
    const { expectsRepeats } = shard;
    for (const arrived of commands) {
      const { command, key } = arrived;
      const { actor, senderId, uuid } = command;
      if (actor.kind !== definition.kind || !isNamed(command)) continue;
      const cell = shard.cells.get(key);
      if (cell !== undefined && (!expectsRepeats || cell.recall(senderId, uuid) !== undefined)) continue;
      found.push(arrived);
    }
  }
  return found;
}

/**
 * Whether a repeat is known by its name. The others are idempotent by their content: relayed commands, which may outlive any
 * memory of them, and those without a name. What a bot says by relay is a message, which is remembered for ever.
 */
function isNamed({ relayId, senderId, uuid }: LoggedCommand): boolean {
  return uuid !== "" && (relayId === undefined || senderId !== 0);
}

/** What all commands of a batch are decided on. */
interface Ground {
  readonly facts: Facts;
  readonly lookedUp: ReadonlySet<Arrived>;
  readonly batch: number;
}

function decideShard(pick: Pick, ground: Ground): ShardPlan {
  const plan: ShardPlan = {
    ...pick,
    fence: { ...pick.fence, factVersion: ground.facts.version },
    rows: [],
    names: [],
    replies: [],
    events: [],
    relays: [],
    jobs: [],
    touched: new Map(),
  };
  const decided = new Map<ActorKey, number>();
  for (const arrived of pick.commands) {
    try {
      if (isCrowded(plan, arrived, decided)) continue;
      decideCommand(plan, arrived, ground);
    } catch (error) {
      throw new Poison(arrived, error);
    }
  }
  return plan;
}

/**
 * A full mailbox sheds its oldest (L7): whoever sends to one actor faster than it can be served is told so, and its
 * neighbours on the shard are served. Other actors' commands are never shed: nobody would send them again in time.
 */
function isCrowded(plan: ShardPlan, arrived: Arrived, decided: Map<ActorKey, number>): boolean {
  const { key } = arrived;
  const { relayId } = arrived.command;
  const before = decided.get(key) ?? 0;
  decided.set(key, before + 1);
  if (relayId !== undefined || (plan.shard.waiting.get(key) ?? 0) - before <= mailboxMax) return false;
  const fault = {
    code: "overloaded",
    message: "too many commands wait for this chat",
    retryMs: 1_000,
  } as const;
  reply(plan, arrived, { kind: "refused", fault });
  return true;
}

function decideCommand(plan: ShardPlan, arrived: Arrived, { facts, lookedUp, batch }: Ground): void {
  const { command, key, timeMs } = arrived;
  const cell = plan.shard.cells.get(key);
  if (cell === undefined) throw new Error(`this process hosts no actor like ${key}`);
  if (command.relayId !== undefined) plan.rows.push({ table: "relayDone", row: { id: command.relayId } });
  const known = isNamed(command) ? cell.recall(command.senderId, command.uuid) : undefined;
  if (known !== undefined) {
    reply(plan, arrived, { kind: "done", outcome: known, duplicate: true });
    return;
  }
  if (isNamed(command) && !lookedUp.has(arrived)) plan.names.push(nameOf(arrived));
  const decision = cell.definition.decide(cell.state, command, timeMs, facts.value);
  if (decision.kind === "refused") {
    reply(plan, arrived, { kind: "refused", fault: decision.fault });
    plan.touched.set(key, { cell, position: cell.decided });
    return;
  }
  cell.state = decision.state;
  if (isNamed(command)) {
    cell.remember(command.senderId, command.uuid, decision.outcome, batch);
  }
  plan.rows.push(...decision.rows);
  plan.events.push(...decision.events);
  if (decision.jobs !== undefined) plan.jobs.push(...decision.jobs);
  plan.touched.set(key, { cell, position: cell.decided });
  for (const { id, target, command: relayed } of decision.relays) {
    const row: RelayRow = {
      id,
      sourceShard: plan.shard.id,
      targetKind: target.kind,
      targetId: target.id,
      command: relayed,
      createdMs: timeMs,
      requestId: command.requestId ?? null,
    };
    plan.rows.push({ table: "relay", row });
    plan.relays.push(row);
  }
  reply(plan, arrived, { kind: "done", outcome: decision.outcome, duplicate: false });
}

function nameOf({ command: { actor, senderId, uuid }, key }: Arrived): CommandName {
  return { actor: key, chatId: actor.kind === "chat" ? actor.id : null, senderId, uuid };
}

function reply(plan: ShardPlan, { edge, command }: Arrived, answer: Reply): void {
  if (edge !== null && command.ref !== undefined) {
    plan.replies.push({ edge, ref: command.ref, reply: answer });
  }
}

/** Text that Postgres takes, whatever it was. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** The plan that parks a command: it changes nothing but the dead letters, and its sender is told (L8). */
export function parkPlan(pick: Pick, arrived: Arrived, reason: string): ShardPlan {
  const { command } = arrived;
  const plan: ShardPlan = {
    ...pick,
    rows: [
      {
        table: "deadLetter",
        row: {
          shard: pick.shard.id,
          seq: arrived.seq,
          actor: storable(arrived.key),
          senderId: command.senderId,
          uuid: storable(command.uuid),
          command: JSON.stringify(command),
          reason: storable(reason),
          parkedMs: arrived.timeMs,
        },
      },
    ],
    names: [],
    replies: [],
    events: [],
    relays: [],
    jobs: [],
    touched: new Map(),
  };
  if (command.relayId !== undefined) plan.rows.push({ table: "relayDone", row: { id: command.relayId } });
  reply(plan, arrived, {
    kind: "refused",
    fault: { code: "internal", message: "the command could not be applied; it is kept for an operator" },
  });
  return plan;
}
