/** Hosts the log shards of one process: owns, reads, decides, commits, releases. */
import {
  type BrokenReason,
  type Bus,
  type LogReader,
  type LogStream,
  startLiveness,
  type Subscription,
} from "@rookery/bus";
import {
  type ActorKind,
  encodeInternal,
  type ShardClaimed,
  type ShardId,
  type ShardStatus,
  subjects,
  type WorkerStatus,
} from "@rookery/protocol";
import type { Log, Tracer } from "@rookery/runtime";
import { adoptLog, type Ownership, type Store } from "@rookery/store";
import type { Attend, Attendance } from "./attendance.ts";
import { parseBatch } from "./batch.ts";
import { CommitLoop } from "./commit-loop.ts";
import type { AnyDefinition } from "./definition.ts";
import type { ReadFacts } from "./facts.ts";
import { openHeadReader } from "./head-reader.ts";
import { serveInterest } from "./interest-server.ts";
import { startLogTrim } from "./log-trim.ts";
import { startOwnership } from "./ownership.ts";
import { openRelay, relayAgainMs } from "./relay.ts";
import { healMs, openReleaser, sendJobs } from "./release.ts";
import { Shard } from "./shard.ts";
import { startWatchdog } from "./watchdog.ts";

/** Bytes of one shard's inbox before its reader pauses; what is behind it waits in the log (L7). */
const inboxBytesMax = 4 * 1024 * 1024;
/** Frames go to all edges for so long after a claim, if an edge has not said what it watches. */
const floodMs = 1_000;
/** Between attempts to begin a log anew. */
const beginAgainMs = 500;
/** Said so often, for whoever looks: `rookery shards`. */
const statusMs = 1_000;
/** Between looks for actors that can be let go. */
const passivateMs = 10_000;
/** A stop waits so long for a Postgres that is away; what is in flight then stays unknown, and untold. */
const giveUpMs = 4_000;
/** A stop lasts no longer: everything is in the log and in Postgres (crash-only). */
const closeMsMax = 8_000;
/** Actors kept in memory; beyond it those idle longest are let go. */
const actorsMax = 50_000;

export interface HostParts {
  readonly bus: Bus;
  readonly store: Store;
  /** Opens the command log, made anew when it is gone. */
  readonly openLog: () => Promise<LogStream>;
  readonly definitions: readonly AnyDefinition[];
  readonly readFacts: ReadFacts;
  /** Who attends to each shard of ours, beside its actors. */
  readonly attend?: Attend;
  /** Shards of the cluster. */
  readonly shards: number;
  /** Unique to this run of this process. */
  readonly id: string;
  readonly log: Log;
  readonly observe: (commit: { readonly seconds: number; readonly rows: number }) => void;
  /** Null, or none: nothing is traced. */
  readonly tracer?: Tracer | null;
}

export interface Host {
  /** Resolves when this process serves the shards that were to be had at its start. */
  readonly settled: Promise<void>;
  status(): ShardStatus[];
  /** Since the start: commits of a shard that were refused for a repeat or newer facts, and decided again. */
  readonly refusedCommits: number;
  /** Drains: every shard is committed as far as it is decided, and given back. */
  close(): Promise<void>;
}

/** What goes with a shard we own. */
interface Tenure {
  readonly shard: Shard;
  readonly interest: Subscription;
  readonly attendance: Attendance | undefined;
  readonly reader: LogReader;
  inboxBytes: number;
}

export async function startHost(parts: HostParts): Promise<Host> {
  const { bus, store, log } = parts;
  let commandLog = await parts.openLog();
  const definitions = new Map<ActorKind, AnyDefinition>(parts.definitions.map((each) => [each.kind, each]));
  const readPositions = openHeadReader(store, definitions);
  const tenures = new Map<ShardId, Tenure>();
  /** Shards whose log is being begun anew: what is drained meanwhile is not. */
  const renewing = new Map<ShardId, Ownership>();
  /** Of shards that are ours no more. */
  let refusedBefore = 0;
  const liveness = startLiveness(bus, { role: "worker", id: parts.id });
  const releaser = openReleaser({ bus, liveness, worker: parts.id });
  const relay = openRelay({ bus, store, shards: parts.shards, worker: parts.id, log });

  const loop = new CommitLoop({
    store,
    definitions,
    readFacts: parts.readFacts,
    log,
    observe: parts.observe,
    tracer: parts.tracer ?? null,
    release(plan) {
      releaser.release(plan);
      relay.send(plan.shards.flatMap((each) => each.relays));
      sendJobs(
        bus,
        parts.shards,
        plan.shards.flatMap((each) => each.jobs),
      );
      for (const { shard } of plan.shards) makeRoom(tenures.get(shard.id));
    },
    deposed: (shard) => ownership.lost(shard.id),
  });

  const ownership = startOwnership({
    bus,
    store,
    liveness,
    log,
    kind: "log",
    role: "worker",
    id: parts.id,
    async claimed(row) {
      const stream = commandLog;
      if (row.logId === stream.identity) begin(row, row.appliedSeq, stream);
      else if (await adopt(row, stream)) begin(row, null, stream);
    },
    async drain(id) {
      renewing.delete(id);
      await end(id);
    },
  });

  /** The log is another one than the shard's row says. @returns whether the shard is still ours */
  async function adopt(row: Ownership, { identity: logId }: LogStream): Promise<boolean> {
    if (row.logId !== null) log.warn({ shard: row.id, appliedSeq: row.appliedSeq }, "a new log incarnation");
    const isOurs = await adoptLog(store, row, { logId, appliedSeq: 0 });
    if (!isOurs) ownership.lost(row.id);
    return isOurs;
  }

  /** Starts to serve a shard from its offset; null: from the beginning of a log that is another one (L6). */
  function begin(row: Ownership, appliedSeq: number | null, stream: LogStream): void {
    const shard = new Shard({
      id: row.id,
      epoch: row.epoch,
      logId: stream.identity,
      appliedSeq: appliedSeq ?? 0,
      floodUntilMs: performance.now() + floodMs,
      deaths: row.deaths,
      suspect: row.suspect,
    });
    const mark =
      appliedSeq === null || row.appliedMs === null
        ? {}
        : { mark: { seq: appliedSeq, timeMs: row.appliedMs, msgId: row.appliedMsgId ?? undefined } };
    const attendance = parts.attend?.(shard);
    if (attendance !== undefined) shard.interest.changed = (key) => attendance.changed(key);
    const tenure: Tenure = {
      shard,
      interest: serveInterest({ bus, readPositions, log }, shard, attendance),
      attendance,
      inboxBytes: 0,
      reader: stream.read({
        subject: subjects.commands(shard.id),
        afterSeq: shard.appliedSeq,
        ...mark,
        onDelivery: (delivery) => {
          const { batch, refused } = parseBatch(delivery.bytes);
          if (refused > 0)
            log.error({ shard: shard.id, seq: delivery.seq, refused }, "the log holds no commands there");
          shard.pending = delivery.pending;
          const envelope = {
            seq: delivery.seq,
            timeMs: delivery.timeMs,
            // Of a batch only the last one's is asked for, and it has to be parsed.
            get msgId() {
              return delivery.msgId ?? null;
            },
            bytesSize: delivery.bytes.length,
          };
          shard.receive(envelope, batch);
          tenure.inboxBytes += delivery.bytes.length;
          if (tenure.inboxBytes > inboxBytesMax) tenure.reader.pause();
          loop.wake();
        },
        onBroken: (reason) => void beginAgain(row, reason),
      }),
    };
    tenures.set(shard.id, tenure);
    loop.add(shard);
    bus.publish(
      subjects.claimed,
      encodeInternal({ shard: shard.id, epoch: shard.epoch, worker: parts.id } satisfies ShardClaimed),
    );
    void relay.sweep([shard.id], 0).catch((error: unknown) => {
      log.warn({ err: String(error) }, "relays of a claimed shard could not be read");
    });
  }

  /** The log is not what it was: what is in it now is applied from its beginning, repeats changing nothing (L6). */
  async function beginAgain(row: Ownership, reason: BrokenReason): Promise<void> {
    log.error({ shard: row.id, reason }, "the log is not what it was; it is read from its beginning");
    renewing.set(row.id, row);
    await end(row.id);
    while (renewing.get(row.id) === row) {
      try {
        const stream = await parts.openLog();
        commandLog = stream;
        const isOurs = await adopt(row, stream);
        // Drained meanwhile: it may be somebody else's by now.
        if (renewing.get(row.id) !== row) return;
        renewing.delete(row.id);
        if (isOurs) begin(row, null, stream);
        return;
      } catch (error) {
        log.warn({ err: String(error), shard: row.id }, "the log cannot be begun yet");
        await new Promise((resolve) => setTimeout(resolve, beginAgainMs));
      }
    }
  }

  async function end(id: ShardId): Promise<void> {
    const tenure = tenures.get(id);
    if (tenure === undefined) return;
    tenures.delete(id);
    tenure.interest.close();
    tenure.attendance?.close();
    // At once: whatever comes next, nothing more of it is decided here.
    const landed = loop.remove(tenure.shard);
    await tenure.reader.close();
    await landed;
    refusedBefore += tenure.shard.refusedCommits;
  }

  function makeRoom(tenure: Tenure | undefined): void {
    if (tenure === undefined) return;
    tenure.inboxBytes = tenure.shard.inbox.reduce((sum, each) => sum + each.envelope.bytesSize, 0);
    if (tenure.inboxBytes <= inboxBytesMax / 2) tenure.reader.resume();
  }

  const forgetGone = (): void => {
    const edges = liveness.live("edge");
    for (const { shard } of tenures.values()) {
      for (const edge of shard.interest.edges())
        if (edges?.includes(edge) === false) shard.interest.forget(edge);
    }
  };
  liveness.onChange(forgetGone);

  const facts = bus.subscribe(subjects.facts, () => loop.renewFacts());
  const status = (): ShardStatus[] =>
    [...tenures.values()].map(({ shard }) => ({
      shard: shard.id,
      epoch: shard.epoch,
      appliedSeq: shard.appliedSeq,
      lag: shard.lag,
    }));
  const watchdog = startWatchdog({
    store,
    log,
    shards: () => [...tenures.values()].map((each) => each.shard),
    setFit: (fit) => liveness.setFit(fit),
  });

  const trim = startLogTrim({
    bus,
    store,
    log,
    stream: () => commandLog,
    // Whoever has the first shard: one worker of the cluster.
    isOurs: () => tenures.has(0),
  });
  const timers = [
    setInterval(() => {
      bus.publish(
        subjects.status,
        encodeInternal({ worker: parts.id, shards: status() } satisfies WorkerStatus),
      );
    }, statusMs),
    setInterval(() => {
      // Also a last word of an edge that came when it was known to be gone.
      forgetGone();
      releaser.heal([...tenures.values()].map((each) => each.shard));
    }, healMs),
    setInterval(() => {
      relay
        .sweep([...tenures.keys()], relayAgainMs)
        .catch((error: unknown) => log.warn({ err: String(error) }, "relays could not be read"));
    }, relayAgainMs),
    setInterval(() => passivate([...tenures.values()].map((each) => each.shard)), passivateMs),
  ];

  return {
    settled: ownership.settled,
    status,
    get refusedCommits() {
      return [...tenures.values()].reduce((sum, { shard }) => sum + shard.refusedCommits, refusedBefore);
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      facts.close();
      watchdog.close();
      trim.close();
      const giveUp = setTimeout(() => loop.giveUp(), giveUpMs);
      const closed = ownership.close().then(() => loop.close());
      if (!(await endsWithin(closed, closeMsMax))) log.warn("stopped while Postgres does not answer");
      clearTimeout(giveUp);
      liveness.close();
    },
  };
}

async function endsWithin(work: Promise<void>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets go of idle actors beyond the bound, each shard in proportion; they come back from their rows. */
function passivate(shards: readonly Shard[]): void {
  const perShardMax = Math.ceil(actorsMax / Math.max(1, shards.length));
  for (const shard of shards) {
    const settled = shard.appliedSeq === shard.decidedSeq;
    for (const key of shard.cells.keys()) {
      if (!settled || shard.cells.size <= perShardMax) break;
      shard.cells.delete(key);
    }
  }
}
