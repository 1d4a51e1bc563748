/**
 * The near side of the log: commands go out once a tick, one message a shard; replies come back on the asking process's own
 * subject, after the commit. What has no reply is sent again, to whoever owns the shard by then: a repeat changes
 * nothing (L3), so the loss of any message on the way heals (L6).
 */
import { type Bus, LogFull } from "@rookery/bus";
import {
  actorKey,
  type AddressedCommand,
  type Command,
  encodeInternal,
  Fault,
  jsonSize,
  type LoggedCommand,
  type Reply,
  type ShardId,
  shardOf,
  subjects,
} from "@rookery/protocol";
import { type Log, sparsely, type Tracer } from "@rookery/runtime";
import { openCongestion } from "./congestion.ts";

/** Commands of this process without a reply; beyond it `overloaded` (L7). */
const pendingMax = 50_000;
/** So many may wait however late answers come: a pause (a new owner, a slow disk) is no overload. */
const patientMax = 2_048;
/** Of one log message: texts counted in UTF-16 units, the rest estimated. */
const batchUnitsMax = 128 * 1024;
const commandUnits = 512;
/**
 * A command without a reply is sent again so often, unless its shard answers: the log is a queue, and while those before it are
 * answered it waits for its turn. A repeat of all that waits would be as much work once more, just when there is too much.
 */
const againMs = 2_000;
const tickMs = 250;
/** What did not reach the log is told so often, however much it is. */
const complainEveryMs = 1_000;

interface Pending {
  readonly shard: ShardId;
  readonly command: LoggedCommand;
  readonly askedMs: number;
  sentMs: number;
  /** How often it was on its way to the log. */
  sendings: number;
  readonly deadlineMs: number;
  readonly settle: (reply: Reply) => void;
}

export interface CommandGateway {
  /** Calls back once: with the actor's reply after its commit, or `unavailable` after `timeoutMs`, outcome unknown. */
  ask(command: AddressedCommand, timeoutMs: number, settle: (reply: Reply) => void): void;
  /** As `ask`, as a promise. */
  submit(command: AddressedCommand, options: { readonly timeoutMs: number }): Promise<Reply>;
  /** A reply arrived. */
  settle(ref: number, reply: Reply): void;
  /** A shard has a new owner: what waits there is sent again. */
  repeat(shard: ShardId): void;
  readonly pending: number;
  close(): void;
}

export function openGateway(parts: {
  readonly bus: Bus;
  readonly shards: number;
  /** Unique to this run of this process; replies come to `subjects.edge` of it. */
  readonly edge: string;
  readonly log: Log;
  /** A message of ours is committed. */
  readonly observeSent?: () => void;
  /** Null, or none: nothing is traced. */
  readonly tracer?: Tracer | null;
  /** The steady clock. */
  readonly now?: () => number;
}): CommandGateway {
  const { bus, shards, edge, log } = parts;
  const now = parts.now ?? (() => performance.now());
  const waiting = new Map<number, Pending>();
  const congestion = openCongestion(shards);
  /** Of each shard: when it last answered, and when what it answered had been sent. */
  const progress = { atMs: new Float64Array(shards), sentMs: new Float64Array(shards) };
  let outbox = new Map<ShardId, LoggedCommand[]>();
  let scheduled = false;
  let refs = 0;
  let sent = 0;

  const send = (shard: ShardId, commands: readonly LoggedCommand[]): void => {
    for (const part of cut(commands)) {
      sent += 1;
      bus
        .append(subjects.commands(shard), encodeInternal({ edge, commands: part }), {
          msgId: `${edge}.${sent}`,
        })
        .catch((error: unknown) => refused(error, part));
    }
  };

  let unsent = { batches: 0, commands: 0, error: "" };
  const complain = sparsely(complainEveryMs, () => {
    const { error: err, ...counts } = unsent;
    unsent = { batches: 0, commands: 0, error: "" };
    log.warn({ err, ...counts }, "commands did not reach the log");
  });

  /** A full log has stored nothing of this; after anything else the outcome is unknown, and the repeat finds out. */
  const refused = (error: unknown, commands: readonly LoggedCommand[]): void => {
    unsent = {
      batches: unsent.batches + 1,
      commands: unsent.commands + commands.length,
      error: String(error),
    };
    complain();
    if (!(error instanceof LogFull)) return;
    for (const { ref = 0 } of commands) {
      // Sent before, it may lie in the log since then: nobody can say that nothing happened.
      if ((waiting.get(ref)?.sendings ?? 0) > 1) continue;
      settle(ref, {
        kind: "refused",
        fault: { code: "overloaded", message: "the log is full", retryMs: againMs },
      });
    }
  };

  const flush = (): void => {
    scheduled = false;
    const batches = outbox;
    outbox = new Map();
    for (const [shard, commands] of batches) send(shard, commands);
  };

  const enqueue = (pending: Pending): void => {
    pending.sendings += 1;
    const commands = outbox.get(pending.shard);
    if (commands === undefined) outbox.set(pending.shard, [pending.command]);
    else commands.push(pending.command);
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  /** At `debug`, under the id that the worker's line has too. */
  const trace = ({ command, shard, askedMs }: Pending, reply: Reply): void => {
    if (!log.isLevelEnabled("debug")) return;
    const { requestId, uuid, actor } = command;
    const about = { requestId, command: command.command.kind, actor: actorKey(actor), uuid, shard };
    const ms = Math.round(now() - askedMs);
    const refused = reply.kind === "refused" ? { refused: reply.fault.code } : {};
    log.debug({ ...about, ms, ...refused }, "a command is answered");
  };

  const settle = (ref: number, reply: Reply): void => {
    const pending = waiting.get(ref);
    if (pending === undefined) return;
    waiting.delete(ref);
    const nowMs = now();
    if (reply.kind === "done") congestion.answered(pending.shard, nowMs - pending.askedMs, nowMs);
    trace(pending, reply);
    if (parts.tracer) noteCommand(parts.tracer, pending, reply);
    if (reply.kind === "done" && reply.outcome.kind === "sent" && !reply.duplicate) parts.observeSent?.();
    pending.settle(reply);
  };

  const again = (due: (pending: Pending) => boolean): void => {
    for (const pending of waiting.values()) {
      if (!due(pending)) continue;
      pending.sentMs = now();
      enqueue(pending);
    }
  };

  /** It, or its answer, was lost: later ones are answered, or none has been for as long. */
  const isOverdue = ({ shard, sentMs }: Pending, nowMs: number): boolean => {
    const isNext = sentMs >= (progress.sentMs[shard] ?? 0);
    return nowMs - (isNext ? Math.max(sentMs, progress.atMs[shard] ?? 0) : sentMs) > againMs;
  };

  const timer = setInterval(() => {
    const nowMs = now();
    for (const [ref, { deadlineMs }] of waiting) {
      if (deadlineMs > nowMs) continue;
      const fault = { code: "unavailable", message: "no answer yet; repeat with the same uuid" } as const;
      settle(ref, { kind: "refused", fault: { ...fault, retryMs: againMs } });
    }
    if (bus.connected) again((pending) => isOverdue(pending, nowMs));
  }, tickMs);

  const ask: CommandGateway["ask"] = (command, timeoutMs, done) => {
    const nowMs = now();
    const shard = shardOf(command.actor.kind, command.actor.id, shards);
    const isLate = waiting.size >= patientMax && congestion.isLate(shard, nowMs);
    if (isLate || waiting.size >= pendingMax) {
      const fault = { code: "overloaded", message: "too many commands wait here" } as const;
      done({ kind: "refused", fault: { ...fault, retryMs: againMs } });
      return;
    }
    refs += 1;
    const pending: Pending = {
      shard,
      command: { ...command, ref: refs },
      askedMs: nowMs,
      sentMs: nowMs,
      sendings: 0,
      deadlineMs: nowMs + timeoutMs,
      settle: done,
    };
    waiting.set(refs, pending);
    enqueue(pending);
  };

  return {
    ask,
    submit: (command, { timeoutMs }) => new Promise((resolve) => ask(command, timeoutMs, resolve)),
    settle(ref, reply) {
      const pending = waiting.get(ref);
      if (pending === undefined) return;
      progress.atMs[pending.shard] = now();
      progress.sentMs[pending.shard] = pending.sentMs;
      settle(ref, reply);
    },
    repeat: (shard) => again((pending) => pending.shard === shard),
    get pending() {
      return waiting.size;
    },
    close() {
      clearInterval(timer);
      for (const ref of waiting.keys()) {
        const fault = new Fault("unavailable", "this process is stopping; repeat with the same uuid");
        settle(ref, { kind: "refused", fault: { code: fault.code, message: fault.message, retryMs: 0 } });
      }
    },
  };
}

function noteCommand(tracer: Tracer, { command, shard, askedMs }: Pending, reply: Reply): void {
  const { senderId, uuid, source } = command;
  tracer.note({
    stage: "command",
    senderId,
    uuid,
    startMs: performance.timeOrigin + askedMs,
    endMs: performance.timeOrigin + performance.now(),
    attributes: {
      "rookery.command": command.command.kind,
      "rookery.source": source,
      "rookery.shard": shard,
      ...(reply.kind === "refused" ? { "rookery.refused": reply.fault.code } : {}),
    },
  });
}

function* cut(commands: readonly LoggedCommand[]): Generator<LoggedCommand[]> {
  let part: LoggedCommand[] = [];
  let units = 0;
  for (const command of commands) {
    const size = commandUnits + unitsOf(command.command);
    if (part.length > 0 && units + size > batchUnitsMax) {
      yield part;
      part = [];
      units = 0;
    }
    part.push(command);
    units += size;
  }
  if (part.length > 0) yield part;
}

/** Bodies, and what may be larger still: an update that is kept whole, links and buttons. */
function unitsOf(command: Command): number {
  let units = 0;
  for (const value of Object.values(command)) {
    if (typeof value === "string") units += value.length;
    else if (typeof value === "object") units += jsonSize(value);
  }
  return units;
}
