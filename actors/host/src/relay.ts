/**
 * Commands from actor to actor: rows since the commit that caused them, in the log soon after, gone with the commit
 * that applied them. The log's own ack means nothing here: it may lose its tail (L6).
 */
import type { Bus } from "@rookery/bus";
import {
  type ActorKey,
  actorKey,
  type Command,
  type CommandBatch,
  encodeInternal,
  jsonSize,
  type LoggedCommand,
  type ShardId,
  shardOf,
  subjects,
} from "@rookery/protocol";
import type { Log } from "@rookery/runtime";
import { listRelays, type RelayRow, type Store } from "@rookery/store";
import { portions } from "./portion.ts";

/** Rows that stand longer than this are sent again. */
export const relayAgainMs = 2_000;
/** Rows read in one sweep. */
const sweepMax = 1_000;
/** In one message of the log: as many commands as its reader takes at once, and about their bytes. */
const batchMax = { items: 250, bytes: 512 * 1024 };

export interface Relay {
  /** After the commit. Never throws: what is not sent now is sent by a sweep. */
  send(rows: readonly RelayRow[]): void;
  /** Sends again what these shards have committed and no target has applied. */
  sweep(shards: readonly ShardId[], olderThanMs: number): Promise<void>;
}

export function openRelay(parts: {
  readonly bus: Bus;
  readonly store: Store;
  readonly shards: number;
  readonly worker: string;
  readonly log: Log;
}): Relay {
  const { bus, store, shards, worker, log } = parts;
  let sent = 0;

  const send = (rows: readonly RelayRow[]): void => {
    for (const [shard, commands] of byTarget(rows, shards)) {
      for (const portion of portions(commands, batchMax, jsonSize)) append(shard, portion);
    }
  };

  const append = (shard: ShardId, commands: readonly LoggedCommand[]): void => {
    sent += 1;
    const batch: CommandBatch = { edge: null, commands };
    // Its process may have a gateway too, whose batches are `<id>.<n>`: the log drops what comes under a name it knows.
    bus
      .append(subjects.commands(shard), encodeInternal(batch), { msgId: `relay.${worker}.${sent}` })
      .catch((error: unknown) => log.warn({ err: String(error), shard }, "a relay will be sent again"));
  };

  return {
    send,
    async sweep(from, olderThanMs) {
      if (from.length > 0) send(await listRelays(store, from, { olderThanMs, limit: sweepMax }));
    },
  };
}

function byTarget(rows: readonly RelayRow[], shards: number): Map<ShardId, LoggedCommand[]> {
  const targets = new Map<ShardId, LoggedCommand[]>();
  for (const row of rows) {
    const actor = { kind: row.targetKind, id: row.targetId };
    const shard = shardOf(actor.kind, actor.id, shards);
    const asked = row.command as Command;
    const botId = asked.kind === "send" || asked.kind === "amend" ? asked.botId : undefined;
    const command: LoggedCommand = {
      actor,
      senderId: botId ?? 0,
      uuid: row.id,
      source: botId === undefined ? "service" : "bot",
      command: asked,
      relayId: row.id,
      ...(row.requestId == null ? {} : { requestId: row.requestId }),
    };
    const commands = targets.get(shard);
    if (commands === undefined) targets.set(shard, [command]);
    else commands.push(command);
  }
  return targets;
}

/** The id of a relayed command: what caused it, at which rev, for whom. */
export function relayId(source: ActorKey, rev: number, target: { kind: "user"; id: number }): string {
  return `${source}/${rev}/${actorKey(target)}`;
}
