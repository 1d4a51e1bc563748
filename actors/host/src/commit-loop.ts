/**
 * The loop that makes one commit after another; where much waits, the next is decided while one is in flight.
 *
 *   pick ──▶ decide ──▶ (wait for the commit in flight) ──▶ commit ──▶ release
 *     ▲         │                  │
 *     │         │ poison           │ refused: nothing of it was written
 *     │         ▼                  ▼
 *     └──── throw the touched actors away, put the rest back, decide the bad part one command at a time
 *
 * Whatever is decided while a commit is in flight stands on that commit: if it does not go through as a whole, the
 * decision is thrown away and made again from the rows. So is a commit that was decided with facts that have changed since,
 * or as new where it was a repeat.
 */
import type { ActorKind } from "@rookery/protocol";
import type { Log, Tracer } from "@rookery/runtime";
import { isRefusal, type Store } from "@rookery/store";
import { noteCommits, traceCommands } from "./command-trace.ts";
import type { AnyDefinition } from "./definition.ts";
import { FactKeeper, type ReadFacts } from "./facts.ts";
import { isCautious, isolate, retryMs, type Verdict } from "./isolation.ts";
import { decidePlan, type Means, type Plan, Poison, pickDeliveries, type ShardPlan } from "./plan.ts";
import { settleCommit } from "./settle.ts";
import type { Delivery, Shard } from "./shard.ts";
import { Signal } from "./signal.ts";

/** Commands in one commit: enough to pay for the round trip, few enough to answer soon. */
const commandsMax = 1_000;
/** Of one shard in one commit, so that a busy shard leaves room for its neighbours. */
const commandsPerShardMax = 250;
/**
 * So many are decided while a commit is in flight; fewer wait until it has landed. What is decided early is closed: who comes a
 * moment later waits for that commit too. So it is worth it only where deciding takes as long as a commit.
 */
const earlyMinDefault = 50;

export interface CommitLoopParts {
  readonly store: Store;
  readonly definitions: ReadonlyMap<ActorKind, AnyDefinition>;
  readonly readFacts: ReadFacts;
  readonly log: Log;
  /** The output gate: called with what has been committed, in commit order (L1). */
  readonly release: (plan: Plan) => void;
  /** The fence refused this shard: it is somebody else's. */
  readonly deposed: (shard: Shard) => void;
  readonly observe: (commit: { readonly seconds: number; readonly rows: number }) => void;
  /** Null, or none: nothing is traced. */
  readonly tracer?: Tracer | null;
  /** So many commands are decided while a commit is in flight (50). */
  readonly earlyMin?: number;
}

interface Flight {
  readonly plan: Plan;
  readonly deliveries: ReadonlyMap<Shard, readonly Delivery[]>;
  readonly landed: Promise<Verdict>;
  verdict?: Verdict;
}

type Attempt =
  | { readonly kind: "plan"; readonly plan: Plan }
  | { readonly kind: "isolate" }
  | { readonly kind: "outage" };

export class CommitLoop {
  readonly #parts: CommitLoopParts;
  readonly #shards = new Set<Shard>();
  readonly #wake = new Signal();
  readonly #giveUp = new AbortController();
  readonly #facts: FactKeeper;
  readonly #done: Promise<void>;
  #flight: Flight | null = null;
  #batch = 0;
  #turn = 0;
  #stopping = false;

  constructor(parts: CommitLoopParts) {
    this.#parts = parts;
    this.#facts = new FactKeeper(parts.readFacts, parts.store);
    this.#done = this.#run();
  }

  add(shard: Shard): void {
    this.#shards.add(shard);
  }

  /**
   * Takes nothing more from the shard; resolves when no commit of it is in flight. What was decided and not sent is
   * thrown away: it is still in the log.
   */
  async remove(shard: Shard): Promise<void> {
    this.#shards.delete(shard);
    shard.lost = true;
    shard.inbox = [];
    if (this.#flight?.deliveries.has(shard) === true) await this.#flight.landed;
  }

  /** Something is in an inbox. */
  wake(): void {
    this.#wake.notify();
  }

  /** The facts are said to have changed: reading them now spares a commit that would be refused. */
  renewFacts(): void {
    this.#facts.renew();
  }

  /** Lets the commit in flight land, then ends. What is not committed stays in the log. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#wake.notify();
    await this.#done;
  }

  /** From here on a Postgres that is away is not waited for: outcomes may stay unknown, and are not told. */
  giveUp(): void {
    this.#giveUp.abort();
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#flight?.verdict !== undefined) await this.#land(null);
      const deliveries = this.#stopping || this.#isEarly() ? new Map<Shard, Delivery[]>() : this.#pick();
      if (deliveries.size === 0) {
        if (this.#stopping && this.#flight === null) return;
        await this.#wake.wait();
        continue;
      }
      const attempt = await this.#attempt(deliveries);
      if (!(await this.#land(deliveries))) continue;
      await this.#take(attempt, deliveries);
    }
  }

  /** Whether a commit is in flight and too little waits to be decided before it has landed. */
  #isEarly(): boolean {
    if (this.#flight === null) return false;
    const enough = this.#parts.earlyMin ?? earlyMinDefault;
    let count = 0;
    for (const { inbox } of this.#shards) {
      for (const { commands } of inbox) count += commands.length;
      if (count >= enough) return false;
    }
    return true;
  }

  /** The next messages of every shard, the first place going round. */
  #pick(): Map<Shard, Delivery[]> {
    const picked = new Map<Shard, Delivery[]>();
    const shards = [...this.#shards];
    let room = commandsMax;
    for (let step = 0; step < shards.length && room > 0; step += 1) {
      const shard = shards[(this.#turn + step) % shards.length];
      if (shard === undefined || shard.inbox.length === 0) continue;
      let count = 0;
      let taken = 0;
      for (const { commands } of shard.inbox) {
        if (count > 0 && taken + commands.length > Math.min(room, commandsPerShardMax)) break;
        taken += commands.length;
        count += 1;
      }
      picked.set(shard, shard.inbox.slice(0, count));
      shard.inbox = shard.inbox.slice(count);
      room -= taken;
    }
    this.#turn += 1;
    return picked;
  }

  async #attempt(deliveries: ReadonlyMap<Shard, readonly Delivery[]>): Promise<Attempt> {
    this.#batch += 1;
    if ([...deliveries.keys()].some(isCautious)) return { kind: "isolate" };
    const picks = [...deliveries].map(([shard, items]) => pickDeliveries(shard, items, this.#batch));
    for (const { shard, fence } of picks) shard.decidedSeq = fence.toSeq;
    try {
      return { kind: "plan", plan: await decidePlan(await this.#means(), picks, this.#batch) };
    } catch (error) {
      if (error instanceof Poison || isRefusal(error)) {
        // By its words alone: what Postgres adds to a refusal holds the row, and so a body.
        const requestId = error instanceof Poison ? error.arrived.command.requestId : undefined;
        this.#parts.log.error({ err: String(error), requestId }, "a command could not be decided");
        return { kind: "isolate" };
      }
      this.#parts.log.warn({ err: String(error) }, "actors could not be loaded");
      return { kind: "outage" };
    }
  }

  async #take(attempt: Attempt, deliveries: Map<Shard, Delivery[]>): Promise<void> {
    switch (attempt.kind) {
      case "plan":
        this.#launch(attempt.plan, deliveries);
        return;
      case "outage":
        this.#putBack(deliveries);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        return;
      case "isolate":
        discard(deliveries);
        await this.#isolate(deliveries);
        return;
    }
  }

  #launch(decided: Plan, deliveries: ReadonlyMap<Shard, readonly Delivery[]>): void {
    const plan = { ...decided, shards: decided.shards.filter(({ shard }) => !shard.lost) };
    if (plan.shards.length === 0) return;
    const flight: Flight = { plan, deliveries, landed: this.#commit(plan) };
    this.#flight = flight;
    void flight.landed.then((verdict) => {
      flight.verdict = verdict;
      this.#wake.notify();
    });
  }

  /** Waits for the commit in flight. @returns whether what was decided meanwhile stands; else it is put back. */
  async #land(decided: ReadonlyMap<Shard, readonly Delivery[]> | null): Promise<boolean> {
    const flight = this.#flight;
    if (flight === null) return true;
    const verdict = await flight.landed;
    this.#flight = null;
    if (verdict.kind === "clean") return true;
    discard(flight.deliveries);
    if (verdict.kind === "refused") await this.#isolate(flight.deliveries);
    if (decided !== null) this.#putBack(decided);
    // Before what came after it.
    if (verdict.kind === "outdated") this.#putBack(flight.deliveries);
    return false;
  }

  async #commit(plan: Plan): Promise<Verdict> {
    const { store, log, observe, release, deposed } = this.#parts;
    const startedMs = performance.now();
    try {
      const settled = await settleCommit(
        store,
        plan.shards.map((each) => each.fence),
        plan.shards.map(({ shard, rows, names }) => ({ shard: shard.id, rows, names })),
        log,
        this.#giveUp.signal,
      );
      observe({
        seconds: (performance.now() - startedMs) / 1_000,
        rows: plan.shards.reduce((sum, each) => sum + each.rows.length, 0),
      });
      const committed = plan.shards.filter((each) => settled.committed.has(each.shard.id));
      for (const each of committed) settleShard(each, plan.batch);
      release({ batch: plan.batch, shards: committed });
      traceCommands(log, committed);
      if (this.#parts.tracer != null) noteCommits(this.#parts.tracer, committed, startedMs);
      for (const { shard } of plan.shards) {
        if (settled.deposed.has(shard.id)) deposed(shard);
      }
      if (!settled.known) return { kind: "unknown" };
      if (settled.outdated) {
        this.#facts.renew();
        for (const each of plan.shards) if (!committed.includes(each)) each.shard.expectRepeats();
        return { kind: "outdated" };
      }
      return { kind: settled.deposed.size === 0 ? "clean" : "deposed" };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      log.error({ err: String(error) }, "Postgres refused a row");
      return { kind: "refused", reason: String(error) };
    }
  }

  /** Back to the front of their inboxes, as if never picked; their actors are read again from the rows. */
  #putBack(deliveries: ReadonlyMap<Shard, readonly Delivery[]>): void {
    discard(deliveries);
    for (const [shard, items] of deliveries) {
      if (!this.#shards.has(shard)) continue;
      shard.inbox = [...items.filter(({ envelope }) => envelope.seq > shard.appliedSeq), ...shard.inbox];
      shard.decidedSeq = shard.appliedSeq;
    }
  }

  async #means(): Promise<Means> {
    const { definitions, store } = this.#parts;
    return { definitions, store, facts: await this.#facts.current() };
  }

  #isolate(deliveries: ReadonlyMap<Shard, readonly Delivery[]>): Promise<void> {
    const { store, log } = this.#parts;
    return isolate(
      {
        store,
        log,
        owns: (shard) => this.#shards.has(shard) && !this.#giveUp.signal.aborted,
        giveUp: this.#giveUp.signal,
        nextId: () => (this.#batch += 1),
        decide: async (pick) => decidePlan(await this.#means(), [pick], pick.fence.commitId),
        commit: (plan) => this.#commit(plan),
      },
      deliveries,
    );
  }
}

/** After the commit: the offset has moved, and the actors' positions may be told. */
function settleShard(plan: ShardPlan, batch: number): void {
  plan.shard.appliedSeq = plan.fence.toSeq;
  for (const { key } of plan.commands) plan.shard.settle(key);
  for (const [key, { cell, position }] of plan.touched) {
    cell.settle(batch, position);
    // Last in the order of use; the first are the first to go.
    if (plan.shard.cells.delete(key)) plan.shard.cells.set(key, cell);
  }
}

function discard(deliveries: ReadonlyMap<Shard, readonly Delivery[]>): void {
  for (const [shard, items] of deliveries) {
    for (const { commands } of items) {
      for (const { key } of commands) shard.cells.delete(key);
    }
  }
}
